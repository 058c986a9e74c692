package objects

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/onbu/onbu/monitor"
)

// loader is one run of Load.
type loader struct {
	opts     Opts
	config   *Config
	mistakes mistakes
	// shinken is set once something appears that only Shinken has: it has defaults and tolerances of its own.
	shinken bool

	options map[string]option
	// hostHandler and serviceHandler name the global event handlers until the commands are known.
	hostHandler, serviceHandler string
	optionPos                   map[string]Pos

	queue []wanted
	taken map[string]bool
	total atomic.Int64

	// sources are the files that were read; Pos.File and ref.file count in them.
	sources []*source
	defs    [numKinds][]ref

	templates [numKinds]map[string]ref
	bases     map[baseID]*base
	open      []ref
	// view and second are the definitions that are looked at; see look and aside.
	view, second view
	// index, names and objects hold the registered objects of the kinds that have names, by number.
	index   [numKinds]map[string]uint32
	names   [numKinds][]string
	objects [numKinds][]ref

	// calls, args, raws, settings and lists remember what was worked out before, by how it was written.
	calls    map[string]monitor.Call
	args     map[string]uint32
	raws     map[string]uint32
	settings map[string]uint32
	lists    map[listID][]uint32
	regexps  map[string]pattern
	// again counts Settings that were worked out once more because something is wrong with them.
	again int
	// models holds for Settings of hosts their model + 1, modelOf the models by what services take of them.
	models  []uint32
	modelOf map[string]uint32
	scratch []byte
	apart   []bool
	vars    varArena
	block   numbers
	// excludes holds the time periods that each time period leaves out.
	excludes [][]uint32
	// tagged lists the hosts that use a template, near or far (Shinken's services on templates).
	tagged map[string][]uint32
	// tags are the tags that daemons take, as "poller DMZ".
	tags map[string]bool
	// joined holds who named a group as their own, by the group's number; implied where groups are named that nobody
	// defined and that Shinken makes: they come after those in objects.
	joined  [numKinds][][]uint32
	implied [numKinds][]Pos
	// placed are the services found so far.
	placed    []place
	instances []instance
	// present are the services of the host that is worked on; ofHost finds them by description.
	present []present
	ofHost  map[string]uint32
	// parented are the services that name others they lie behind or depend on.
	parented []parented
	// triggers finds triggers by name, inline those without one by their text; scripts holds what was found in each.
	triggers, inline map[string]uint32
	scripts          []Script
	// ruled are the business rules.
	ruled []ruled
	noted map[noteID]int
	// awaited are the host groups that get members of dynamic hosts. elsewhere is the directive, if any, for hosts that need
	// not be defined, for the advice on those that are not.
	awaited   map[uint32]bool
	elsewhere key
}

// ref is a definition: number def of sources[file].
type ref struct{ file, def uint32 }

func newLoader(path string, opts Opts) *loader {
	l := &loader{
		opts: opts,
		config: &Config{
			Main: path, Options: defaults(), Macros: map[string]string{}, Args: [][]string{nil},
		},
		mistakes: newMistakes(), taken: map[string]bool{},
		bases: map[baseID]*base{},
		calls: map[string]monitor.Call{}, args: map[string]uint32{"": 0},
		raws: map[string]uint32{}, settings: map[string]uint32{}, lists: map[listID][]uint32{},
		regexps: map[string]pattern{}, noted: map[noteID]int{}, apart: apart(), modelOf: map[string]uint32{}, optionPos: map[string]Pos{},
	}
	l.view.init()
	l.second.init()
	l.options = l.optionTable()
	return l
}

func (l *loader) report() *Report { return l.mistakes.report(l.config.Files) }

// load does everything, step by step. Later steps work on what earlier ones could make sense of.
func (l *loader) load() {
	if !l.loadMain() {
		return
	}
	l.readQueue()
	for _, t := range l.opts.More {
		l.queue = append(l.queue, wanted{path: t.Name, text: t.Text, kept: true})
	}
	l.readQueue()
	l.sortDefinitions()
	l.strayOptions()
	l.shinkenDefaults()
	l.indexNames()
	l.loadTimeperiods()
	l.loadCommands()
	l.loadModulations()
	l.loadContacts()
	l.loadShinken()
	l.loadTriggers()
	l.loadHosts()
	l.loadPiggyback()
	l.loadServices()
	l.loadServicegroups()
	l.loadRules()
	l.tieTriggers()
	l.loadDependencies()
	l.loadEscalations()
	l.verify()
	l.finish()
}

// addSource gives a file its number.
func (l *loader) addSource(s *source) uint32 {
	n := uint32(len(l.sources))
	l.sources = append(l.sources, s)
	l.config.Files = append(l.config.Files, s.path)
	return n
}

// loadMain reads the main file and what it names. It is false where there is nothing to go on with.
func (l *loader) loadMain() bool {
	main := &source{path: l.config.Main, main: true}
	n := l.addSource(main)
	text, ok := l.mainText(main.path)
	if !ok {
		return false
	}
	main.text = text
	main.lex()
	if len(main.params) == 0 && len(main.defs) > 0 {
		l.errorAt(Pos{}, "this is a file of objects: pass the main file, the one with lines like cfg_file= and cfg_dir= (nagios.cfg or shinken.cfg)")
		return false
	}
	l.takeParams(main, n)
	return true
}

// mainText gives what the main file holds, and has other files that are kept read after it.
func (l *loader) mainText(path string) (text string, ok bool) {
	if l.replays() {
		files, err := l.opts.Texts.unpack()
		if err != nil {
			l.errorAt(Pos{}, "unpacking what was read before: %v", err)
			return "", false
		}
		l.queue = append(l.queue, files[1:]...)
		return files[0].text, true
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		l.errorAt(Pos{}, "this is a directory: pass the main file, the one with lines like cfg_file= and cfg_dir= (nagios.cfg or shinken.cfg)")
		return "", false
	}
	text, err := l.readFile(path)
	if err != nil {
		l.errorAt(Pos{}, "reading the main file: %v", err)
		return "", false
	}
	l.first(path)
	return text, true
}

// takeParams carries the options of the main file out, those that only Onbu is to see last, so that they win.
func (l *loader) takeParams(s *source, file uint32) {
	for _, ours := range []bool{false, true} {
		for _, p := range s.params {
			if p.ours == ours {
				l.applyParam(p, Pos{file, p.line})
			}
		}
	}
}

// readQueue reads and cuts the files that are wanted, on all processors, until none names another.
func (l *loader) readQueue() {
	for len(l.queue) > 0 {
		batch := l.queue
		l.queue = nil
		sources, errs := l.readBatch(batch)
		for i, s := range sources {
			if errs[i] != nil {
				l.errorAt(batch[i].from, "reading %s: %v", batch[i].path, errs[i])
				continue
			}
			l.acceptSource(s, l.addSource(s))
		}
	}
}

// acceptSource takes over what a file says beside its definitions: macros, and other files.
func (l *loader) acceptSource(s *source, n uint32) {
	for _, p := range s.params {
		if s.main || p.isMacro() {
			l.applyParam(p, Pos{n, p.line})
		}
	}
	for _, inc := range s.includes {
		p, pos := param{value: inc.path}, Pos{n, inc.line}
		if inc.dir {
			l.addDir(p, pos)
		} else {
			l.addFile(p, pos)
		}
	}
}

// strayOptions takes options from object files, where Shinken allows them, or complains.
func (l *loader) strayOptions() {
	for n, s := range l.sources {
		for _, p := range s.params {
			_, option := l.options[p.name]
			pos := Pos{uint32(n), p.line}
			switch {
			case s.main || p.isMacro():
			case !option:
				l.errorAt(pos, "%q stands outside of any definition: expected something like \"define host {\"", shorten(p.name+"="+p.value))
			case strings.HasPrefix(p.name, "cfg_"):
				l.errorAt(pos, "%s belongs into the main file: move it there, or write include_file= or include_dir= here", p.name)
			case l.shinken:
				l.applyParam(p, pos)
			default:
				l.errorAt(pos, "%s is an option of the main file, and this is an object file: move it there", p.name)
			}
		}
	}
}

func (l *loader) readBatch(batch []wanted) ([]*source, []error) {
	sources := make([]*source, len(batch))
	errs := make([]error, len(batch))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(batch)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(batch) {
					return
				}
				s := &source{path: batch[i].path, main: batch[i].main, script: batch[i].script, text: batch[i].text}
				if !batch[i].kept {
					s.text, errs[i] = l.readFile(s.path)
				}
				if errs[i] == nil && !s.script {
					s.lex()
				}
				sources[i] = s
			}
		})
	}
	wg.Wait()
	return sources, errs
}

// sortDefinitions lists the definitions of all files by kind, counts what is only understood, and takes over what the
// lexer complained of.
func (l *loader) sortDefinitions() {
	var counts [numKinds]int
	for _, s := range l.sources {
		for i := range s.defs {
			counts[s.defs[i].kind]++
		}
	}
	for k, n := range counts {
		l.defs[k] = slices.Grow(l.defs[k], n)
		l.shinken = l.shinken || n > 0 && known.classes[k].shinken
	}
	for n, s := range l.sources {
		for i := range s.defs {
			l.defs[s.defs[i].kind] = append(l.defs[s.defs[i].kind], ref{uint32(n), uint32(i)})
		}
		l.takeFaults(s, uint32(n))
		l.checkItems(s, uint32(n))
	}
}

// takeFaults takes over the lexer's complaints. Where Shinken is at work an unknown directive is only worth a warning.
func (l *loader) takeFaults(s *source, n uint32) {
	for _, f := range s.faults {
		if f.unknown && l.shinken {
			f.severity = Warning
		}
		l.mistakes.add(Pos{n, f.line}, f.severity, f.format, f.args...)
	}
	s.faults = nil
}

func (l *loader) def(r ref) *def { return &l.sources[r.file].defs[r.def] }

// pos gives where a definition begins.
func (l *loader) pos(r ref) Pos { return Pos{r.file, l.def(r).line} }
