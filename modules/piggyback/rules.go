package piggyback

import (
	"fmt"
	"regexp"

	"github.com/onbu/onbu/monitor"
)

// Verdict is what becomes of a name in an output.
type Verdict uint8

// The verdicts.
const (
	// Taken: the name became one host's or several.
	Taken Verdict = iota
	// Own: it became the source's own name.
	Own
	// Ignored: what it became is no name for a host.
	Ignored
	// Refused: the source may not speak for the host.
	Refused
)

// String gives the verdict in a word.
func (v Verdict) String() string {
	return [...]string{"taken", "own", "ignored", "refused"}[v]
}

// Rules are the translations of a configuration, made ready. They never change; any goroutine may use them.
type Rules struct{ all []translation }

type translation struct {
	monitor.PiggybackTranslation
	sources       Patterns
	regexes       []rename
	allow, refuse Patterns
}

// rename is one expression with what comes in its place.
type rename struct {
	expr *regexp.Regexp
	to   string
}

// Compile makes translations ready. It leaves out what is wrong; the errors name the translation and say what to write
// instead. The Rules are never nil.
func Compile(p monitor.Piggyback) (*Rules, []error) {
	r := &Rules{}
	var wrong []error
	for i := range p.Translations {
		t := translation{PiggybackTranslation: p.Translations[i]}
		for _, err := range t.compile() {
			wrong = append(wrong, fmt.Errorf("piggyback_translation %q: %w", t.Name, err))
		}
		r.all = append(r.all, t)
	}
	return r, wrong
}

func (t *translation) compile() (wrong []error) {
	for to, from := range map[*Patterns][]monitor.Pattern{&t.sources: t.Sources, &t.allow: t.Allow, &t.refuse: t.Refuse} {
		var errs []error
		*to, errs = CompilePatterns(from)
		wrong = append(wrong, errs...)
	}
	for _, x := range t.Regexes {
		e, err := compileExpr(x.From, `\A(?:`, `)\z`)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		t.regexes = append(t.regexes, rename{e, x.To})
	}
	return wrong
}

// fits says whether the translation is for a source. One whose patterns are all wrong is for none.
func (t *translation) fits(source string) bool { return len(t.Sources) == 0 || t.sources.Fit(source) }

// guards says whether the translation says for whom its sources may speak.
func (t *translation) guards() bool { return len(t.Allow)+len(t.Refuse) > 0 }

// steps is what the rules say for one source. It never changes.
type steps struct {
	source  string
	letters monitor.NameCase
	domain  bool
	regexes []rename
	names   []monitor.PiggybackRename
	guard   *translation // nil when the source may speak for everybody
	most    int
}

// stepsFor gathers what the rules say for a source: of each step, what the first rule says that says anything.
func (r *Rules) stepsFor(source string) steps {
	s := steps{source: source}
	for i := range r.all {
		t := &r.all[i]
		if !t.fits(source) {
			continue
		}
		if s.letters == monitor.CaseKept {
			s.letters = t.Case
		}
		s.domain = s.domain || t.DropDomain
		if s.regexes == nil {
			s.regexes = t.regexes
		}
		if s.names == nil {
			s.names = t.Map
		}
		if s.guard == nil && t.guards() {
			s.guard = t
		}
		if s.most == 0 {
			s.most = int(t.Most)
		}
	}
	if s.most == 0 {
		s.most = Limits{}.orDefault().Targets
	}
	return s
}

// MaySpeak says whether a source may speak for a host, by the host's own name.
func (r *Rules) MaySpeak(source, host string) bool {
	s := r.stepsFor(source)
	return s.maySpeakFor(host)
}

// maySpeakFor says whether the source may speak for a host.
func (s *steps) maySpeakFor(host string) bool {
	g := s.guard
	switch {
	case g == nil || host == s.source:
		return true
	case len(g.Allow) > 0 && !g.allow.Fit(host):
		return false
	}
	return !g.refuse.Fit(host)
}
