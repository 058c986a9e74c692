package modules

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Doubt adds what is allowed and hardly meant so, for whoever judges the definition. Do not quote a secret.
func (s *Settings) Doubt(name, format string, args ...any) {
	s.doubts = append(s.doubts, s.at(s.lineOf(name), name+": "+format, args...).Error())
}

// Unready adds what this machine lacks for the module, such as a file that cannot be read. It is a mistake where the module is to
// run, and a doubt for whoever only judges the definition, perhaps on another machine.
func (s *Settings) Unready(name string, err error) {
	s.unready = append(s.unready, s.at(s.lineOf(name), "%s: %v", name, err))
}

// Judge gives everything that is doubtful, on this machine too, and the mistakes in the definition itself. Everything must have
// been asked for before.
func (s *Settings) Judge() (doubts []string, wrong error) {
	all := slices.Concat(s.wrong, s.unknown())
	doubts = slices.Clone(s.doubts)
	for _, err := range s.unready {
		doubts = append(doubts, err.Error())
	}
	return doubts, errors.Join(all...)
}

// File is Path for a file that is read while the module works. That it is not there is doubtful.
func (s *Settings) File(name, otherwise string) string {
	p := s.Path(name, otherwise)
	s.look(name, p)
	return p
}

// Output is Path for a file that the module makes. That its folder is not there is doubtful, if the setting is written.
func (s *Settings) Output(name, otherwise string) string {
	p := s.Path(name, otherwise)
	if p != "" && s.Has(name) {
		s.look(name, filepath.Dir(p))
	}
	return p
}

func (s *Settings) look(name, path string) {
	if path == "" {
		return
	}
	if _, err := os.Stat(path); err != nil {
		if lost, ok := errors.AsType[*fs.PathError](err); ok {
			err = lost.Err
		}
		s.Doubt(name, "%s: %v", path, err)
	}
}

// lineOf gives the line of a setting, and the definition's where it is not written.
func (s *Settings) lineOf(name string) uint32 {
	if f := s.find(name); f != nil {
		return f.Line
	}
	return s.of.Line
}
