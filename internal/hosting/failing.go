package hosting

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Failing are the modules of a daemon that do not work, such as one that cannot open its port. The zero value is ready; any goroutine may
// use it.
type Failing struct {
	mu  sync.Mutex
	why map[string]error
}

// Set notes why a module does not work; nil for one that does, or is hosted no more.
func (f *Failing) Set(name string, why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if why == nil {
		delete(f.why, name)
		return
	}
	if f.why == nil {
		f.why = map[string]error{}
	}
	f.why[name] = why
}

// Err gives what is wrong with each of them, sorted by name; say makes one of a name and its reason. It is nil while all work.
func (f *Failing) Err(say func(name string, why error) error) error {
	return errors.Join(f.all(say)...)
}

// Lines gives the same as a line each.
func (f *Failing) Lines(say func(name string, why error) error) (lines []string) {
	for _, err := range f.all(say) {
		lines = append(lines, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return lines
}

func (f *Failing) all(say func(name string, why error) error) (all []error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(f.why)) {
		all = append(all, say(name, f.why[name]))
	}
	return all
}
