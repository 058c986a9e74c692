package objects

import "github.com/onbu/onbu/monitor"

// LoadRules reads what a file says of payloads. That is a file of objects, of which only translations and policies are looked at,
// and the hosts that they may name are given; or a main file, whose whole configuration is read then.
func LoadRules(path string, hosts []string, opts Opts) (monitor.Piggyback, *Report) {
	l := newLoader(path, opts)
	s := &source{path: path}
	n := l.addSource(s)
	text, err := l.readFile(path)
	if err != nil {
		l.errorAt(Pos{}, "reading the rules: %v", err)
		return l.config.Piggyback, l.report()
	}
	l.first(path)
	s.text = text
	s.lex()
	if len(s.params) > 0 && len(s.defs) == 0 {
		c, report := Load(path, opts)
		return c.Piggyback, report
	}
	l.acceptSource(s, n)
	l.readQueue()
	return l.rules(hosts)
}

// ReadRules reads translations and policies from a text that somebody wrote just now; name is what its mistakes are told with. It
// opens no file: what is no definition is refused.
func ReadRules(name string, text string, hosts []string, opts Opts) (monitor.Piggyback, *Report) {
	l := newLoader(name, opts)
	s := &source{path: name, text: text}
	n := l.addSource(s)
	l.first(name)
	s.lex()
	for _, p := range s.params {
		l.errorAt(Pos{n, p.line}, "%q is no definition: write define piggyback_translation { … }", shorten(p.name))
	}
	for _, inc := range s.includes {
		l.errorAt(Pos{n, inc.line}, "other files are not read here: put their definitions into the text")
	}
	return l.rules(hosts)
}

// rules keeps what was read of translations and policies.
func (l *loader) rules(hosts []string) (monitor.Piggyback, *Report) {
	l.sortDefinitions()
	l.onlyRules(hosts)
	l.loadTranslations()
	l.loadPolicies()
	return l.config.Piggyback, l.report()
}

// onlyRules forgets all definitions but those of rules, and has hosts be known by name.
func (l *loader) onlyRules(hosts []string) {
	for k := range l.defs {
		if kind(k) != kPiggybackTranslation && kind(k) != kPiggybackPolicy {
			l.defs[k] = nil
		}
	}
	l.indexNames()
	for i, name := range hosts {
		l.index[kHost][name] = uint32(i)
	}
	l.names[kHost] = hosts
}
