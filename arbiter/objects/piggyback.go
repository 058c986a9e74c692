package objects

import (
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// loadPiggyback reads what is to become of payloads. The hosts and their groups are known.
func (l *loader) loadPiggyback() {
	l.loadTranslations()
	l.loadPolicies()
	l.loadDynamicRules()
}

// named gives the name of an object whose kind has no directive that makes it one: its own directive, or the one that
// templates have. Objects of one name are complained of.
func (l *loader) named(v *view, k key, seen map[string]Pos) string {
	n := strings.Clone(orElse(v.str(k), v.text(keyName)))
	if n == "" {
		return ""
	}
	if old, ok := seen[n]; ok {
		l.errorAt(v.pos(), "%s %q is already defined at %s: give one of them another name", v.kind, n, l.config.Where(old))
	}
	seen[n] = v.pos()
	return n
}

// numbered names an object that has no name by its place among those of its kind: that stays as it is when lines are added
// above it.
func numbered(i int) string { return "#" + strconv.Itoa(i+1) }

func (l *loader) loadTranslations() {
	seen := map[string]Pos{}
	for i, r := range l.defs[kPiggybackTranslation] {
		v := l.look(r)
		if !v.registered(l) {
			continue
		}
		t := monitor.PiggybackTranslation{Name: orElse(l.named(v, keyTranslationName, seen), numbered(i))}
		t.Sources = l.sources3(v)
		t.Case = l.nameCase(v.get(keyCase))
		t.DropDomain = l.on(v, keyDropDomain, false)
		t.Regexes = l.renames(v)
		t.Map = l.nameMap(v.get(keyMap))
		t.Allow = append(plainPatterns(v.get(keyAllow)), l.exprs(v.get(keyAllowRegex), "allow_regex")...)
		t.Refuse = append(plainPatterns(v.get(keyRefuse)), l.exprs(v.get(keyRefuseRegex), "refuse_regex")...)
		t.Most = l.most(v)
		if t.Case == monitor.CaseKept && !t.DropDomain && len(t.Regexes)+len(t.Map)+len(t.Allow)+len(t.Refuse) == 0 && t.Most == 0 {
			l.warnAt(v.pos(), "piggyback_translation %q changes nothing: give it case, drop_domain, regex_1, map, allow or refuse", t.Name)
		}
		l.config.Piggyback.Translations = append(l.config.Piggyback.Translations, t)
	}
}

func (l *loader) loadPolicies() {
	seen := map[string]Pos{}
	for i, r := range l.defs[kPiggybackPolicy] {
		v := l.look(r)
		if !v.registered(l) {
			continue
		}
		p := monitor.PiggybackPolicy{
			Name:    orElse(l.named(v, keyPolicyName, seen), numbered(i)),
			Hosts:   l.patterns(v, keyHostName, keyHostgroupName, keyHostRegex),
			Sources: l.sources3(v),
			Use:     l.use(v.get(keyPiggyback)),
			MaxAge:  l.span(v.get(keyMaxAge), "max_age"), Validity: l.span(v.get(keyValidityPeriod), "validity_period"),
			ValidityState: l.state(v.get(keyValidityState)),
		}
		if p.Use == monitor.UseUnset && p.MaxAge == nil && p.Validity == nil && p.ValidityState == nil {
			l.warnAt(v.pos(), "piggyback_policy %q says nothing: give it piggyback, max_age, validity_period or validity_state", p.Name)
		}
		l.config.Piggyback.Policies = append(l.config.Piggyback.Policies, p)
	}
}

// sources3 gives the patterns for sources: names, groups and expressions.
func (l *loader) sources3(v *view) []monitor.Pattern {
	return l.patterns(v, keySourceName, keySourceHostgroup, keySourceRegex)
}

// patterns gives the hosts that three directives stand for; none for every host.
func (l *loader) patterns(v *view, hosts, groups, regex key) []monitor.Pattern {
	var list []monitor.Pattern
	if v.str(hosts) == "*" && !v.get(groups).given() && !v.get(regex).given() {
		return nil
	}
	l.elsewhere = regex
	for _, h := range l.hostsOf(v, hosts, groups) {
		list = append(list, monitor.Pattern{Text: strings.Clone(l.names[kHost][h])})
	}
	l.elsewhere = keyVar
	list = append(list, l.exprs(v.get(regex), known.names[regex])...)
	if len(list) == 0 && (v.get(hosts).given() || v.get(groups).given() || v.get(regex).given()) {
		// Groups without members, or all that was said is wrong: that must not become every host.
		list = append(list, monitor.Pattern{Text: ""})
	}
	return list
}

// exprs reads expressions, parted by commas that are not inside of brackets.
func (l *loader) exprs(v value, directive string) []monitor.Pattern {
	var list []monitor.Pattern
	if !v.given() {
		return nil
	}
	for _, w := range exprWords(v.s) {
		p := monitor.Pattern{Text: strings.Clone(w), Regex: true}
		if _, wrong := piggyback.CompilePatterns([]monitor.Pattern{p}); len(wrong) > 0 {
			l.errorAt(v.pos, "%s: %v", directive, wrong[0])
			continue
		}
		list = append(list, p)
	}
	return list
}

// exprWords cuts a list of expressions at its commas, but for those in brackets of any kind and behind a backslash.
func exprWords(list string) []string {
	var out []string
	depth, from := 0, 0
	add := func(w string) {
		if w = trim(w); w != "" {
			out = append(out, w)
		}
	}
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case '\\':
			i++
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth <= 0 {
				add(list[from:i])
				from = i + 1
			}
		}
	}
	add(list[min(from, len(list)):])
	return out
}

func plainPatterns(v value) []monitor.Pattern {
	var list []monitor.Pattern
	if v.given() {
		for _, w := range words(v.s) {
			list = append(list, monitor.Pattern{Text: strings.Clone(w)})
		}
	}
	return list
}

func (l *loader) nameCase(v value) monitor.NameCase {
	switch strings.ToLower(v.s) {
	case "", "keep":
	case "lower":
		return monitor.CaseLower
	case "upper":
		return monitor.CaseUpper
	default:
		l.errorAt(v.pos, "case is %q: use keep, lower or upper", v.s)
	}
	return monitor.CaseKept
}

// renames reads regex_1 to regex_99, in the order of their numbers.
func (l *loader) renames(v *view) []monitor.PiggybackRename {
	var list []monitor.PiggybackRename
	for i := 1; i <= maxRegexes; i++ {
		directive := "regex_" + strconv.Itoa(i)
		val := v.get(v.class.keys[directive])
		if !val.given() || val.s == "" {
			continue
		}
		from, to, ok := strings.Cut(val.s, " => ")
		if !ok {
			from, to, ok = strings.Cut(val.s, "=>")
		}
		if !ok || trim(from) == "" {
			l.errorAt(val.pos, "%s is %q: write EXPRESSION => REPLACEMENT, such as %s vm-(.*) => \\1", directive, shorten(val.s), directive)
			continue
		}
		r := monitor.PiggybackRename{From: strings.Clone(trim(from)), To: strings.Clone(trim(to))}
		t := monitor.PiggybackTranslation{Regexes: []monitor.PiggybackRename{r}}
		if _, wrong := piggyback.Compile(monitor.Piggyback{Translations: []monitor.PiggybackTranslation{t}}); len(wrong) > 0 {
			_, text, _ := strings.Cut(wrong[0].Error(), `"": `)
			l.errorAt(val.pos, "%s: %s", directive, text)
			continue
		}
		list = append(list, r)
	}
	return list
}

// nameMap reads "a=b, c=d1+d2".
func (l *loader) nameMap(v value) []monitor.PiggybackRename {
	var list []monitor.PiggybackRename
	seen := map[string]bool{}
	if !v.given() {
		return nil
	}
	for _, w := range words(v.s) {
		from, to, ok := strings.Cut(w, "=")
		from, to = trim(from), trim(to)
		if !ok || from == "" || to == "" {
			l.errorAt(v.pos, "map has %q: write NAME=HOST, or NAME=HOST1+HOST2 for several", shorten(w))
			continue
		}
		if seen[from] {
			l.warnAt(v.pos, "map has %q twice, and the first one counts: remove the other", from)
			continue
		}
		seen[from] = true
		list = append(list, monitor.PiggybackRename{From: strings.Clone(from), To: strings.Join(l.mapped(v, w, to), ",")})
	}
	return list
}

// mapped gives the hosts that a map gives a name to. What no output could spell must be a host's own name.
func (l *loader) mapped(v value, w, to string) []string {
	hosts := strings.Split(to, "+")
	for i := range hosts {
		hosts[i] = trim(hosts[i])
		_, isHost := l.index[kHost][hosts[i]]
		if !piggyback.IsName(hosts[i]) && !(isHost && piggyback.IsMapped(hosts[i])) {
			l.errorAt(v.pos, "map has %q, and %q is no name that payloads can be for: use letters, digits, - _ and ., or the name of a host of this configuration",
				shorten(w), shorten(hosts[i]))
		}
	}
	if len(hosts) > piggyback.MostMapped {
		l.errorAt(v.pos, "map gives %q to %d hosts, and at most %d can be: name fewer", shorten(w), len(hosts), piggyback.MostMapped)
	}
	return hosts
}

func (l *loader) use(v value) monitor.PiggybackUse {
	switch strings.ToLower(v.s) {
	case "":
	case "if_present":
		return monitor.UseIfPresent
	case "expect":
		return monitor.UseExpect
	case "never":
		return monitor.UseNever
	default:
		l.errorAt(v.pos, "piggyback is %q: use if_present, expect or never%s", v.s, hint{v.s, func() []string { return []string{"if_present", "expect", "never"} }})
	}
	return monitor.UseUnset
}

// state reads a state by its number or its name.
func (l *loader) state(v value) *monitor.State {
	for i, name := range []string{"ok", "warning", "critical", "unknown"} {
		if w := strings.ToLower(v.s); w == name || w == strconv.Itoa(i) || len(w) > 2 && strings.HasPrefix(name, w) {
			s := monitor.State(i)
			return &s
		}
	}
	if v.given() && v.s != "" {
		l.errorAt(v.pos, "validity_state is %q: use ok, warning, critical, unknown or their numbers 0 to 3", v.s)
	}
	return nil
}

// span reads a time: a number of seconds, or numbers with s, m, h, d and w behind them. Nil if there is none.
func (l *loader) span(v value, directive string) *time.Duration {
	if !v.given() || v.s == "" {
		return nil
	}
	d, ok := parseSpan(v.s)
	if !ok {
		l.errorAt(v.pos, "%s is %q: write seconds, or a number with s, m, h, d or w behind it, such as 90m", directive, v.s)
		return nil
	}
	return &d
}

// parseSpan reads 90, 90s, 1h30m, 7d. Nothing above a hundred years is meant.
func parseSpan(s string) (time.Duration, bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	var sum time.Duration
	for s != "" {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		count, err := strconv.ParseInt(s[:n], 10, 64)
		unit := time.Second
		switch {
		case err != nil:
			return 0, false
		case n < len(s) && units[s[n]] == 0:
			return 0, false
		case n < len(s):
			unit = units[s[n]]
			s = trim(s[n+1:])
		default:
			s = ""
		}
		const most = 100 * 366 * 24 * time.Hour
		if count > int64(most/unit) || sum+time.Duration(count)*unit > most {
			return 0, false
		}
		sum += time.Duration(count) * unit
	}
	return sum, true
}

// most reads the bound of an output or a rule.
func (l *loader) most(v *view) uint32 {
	val := v.get(keyMost)
	if !val.given() || val.s == "" {
		return 0
	}
	n, err := strconv.ParseUint(val.s, 10, 31)
	if err != nil {
		l.errorAt(val.pos, "most is %q: write how many hosts, or 0 for the built-in bound", val.s)
	}
	return uint32(n)
}
