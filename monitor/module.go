package monitor

import "slices"

// Module is a module that the configuration asks for (define module), with its settings as written. What they mean only
// the module knows.
type Module struct {
	Name, Type string
	// Daemons are the receivers and brokers that it is attached to, by name; empty if any daemon that knows the type hosts it.
	Daemons []string
	// Settings are in the order written; one name may come several times.
	Settings []Setting
	// File and Line say where it is defined, for people.
	File string
	Line uint32
	// Modules are the names of the modules that are attached to this one.
	Modules []string
}

// Modules are all modules of a configuration that receivers and brokers host.
type Modules struct {
	// Daemons are the names of the receivers and brokers that the configuration defines, sorted.
	Daemons []string
	List    []Module
}

// For gives the modules that the daemon with that name hosts: its own, if the configuration defines it, and all where it does
// not, so that one process with everything in it does the work of all daemons of the files.
func (m *Modules) For(daemon string) []Module {
	if !slices.Contains(m.Daemons, daemon) {
		return m.List
	}
	var own []Module
	for i := range m.List {
		if d := m.List[i].Daemons; len(d) == 0 || slices.Contains(d, daemon) {
			own = append(own, m.List[i])
		}
	}
	return own
}

// ModuleVerdict is what is said of the definition of a module before it runs.
type ModuleVerdict struct {
	// Hosted says that receivers or brokers host modules of its type. Instead says of others what does their work; it may be empty.
	Hosted  bool
	Instead string
	// Wrong are mistakes with which the module does not run, and Doubtful what else people should know: lines with file and line.
	Wrong, Doubtful []string
	// Ports are where it would listen, a network and an address each: "tcp 127.0.0.1:5667", "unix /run/onbu/live".
	Ports []string
}

// Setting is a directive of a module as written; Line is where, in the file of the module.
type Setting struct {
	Name, Value string
	Line        uint32
}
