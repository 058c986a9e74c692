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
