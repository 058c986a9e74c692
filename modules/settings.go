package modules

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/nearest"
)

// Settings reads the settings of a module's definition and gathers every mistake in them, each with file and line. A setting
// that nobody asked for is one too. The values of secrets never stand in a mistake.
type Settings struct {
	of    *monitor.Module
	asked map[string]bool
	wrong []error
	// unready are mistakes of this machine, as Unready says.
	unready []error
	doubts  []string
	ports   []string
}

// Read begins to read the settings of a definition.
func Read(m *monitor.Module) *Settings { return &Settings{of: m, asked: map[string]bool{}} }

// Name is the module_name.
func (s *Settings) Name() string { return s.of.Name }

// Type is the module_type, in lower case.
func (s *Settings) Type() string { return strings.ToLower(s.of.Type) }

// Modules are the names of the modules that are attached to this one.
func (s *Settings) Modules() []string { return s.of.Modules }

// Has says whether a setting is written.
func (s *Settings) Has(name string) bool { return s.find(name) != nil }

// Text gives a setting as written, the last if there are several; otherwise where there is none.
func (s *Settings) Text(name, otherwise string) string {
	if f := s.find(name); f != nil {
		return f.Value
	}
	return otherwise
}

// All gives every line of a setting that may come several times.
func (s *Settings) All(name string) []monitor.Setting {
	s.asked[name] = true
	var all []monitor.Setting
	for _, f := range s.of.Settings {
		if f.Name == name {
			all = append(all, f)
		}
	}
	return all
}

// Words gives a setting's words, parted by commas and white space.
func (s *Settings) Words(name string) []string {
	return strings.FieldsFunc(s.Text(name, ""), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

// Int gives a whole number between two bounds.
func (s *Settings) Int(name string, otherwise, least, most int) int {
	f := s.find(name)
	if f == nil {
		return otherwise
	}
	n, err := strconv.Atoi(f.Value)
	if err != nil || n < least || n > most {
		s.mistake(f.Line, "%s is %q: write a whole number from %d to %d", name, f.Value, least, most)
		return otherwise
	}
	return n
}

// Bool gives a switch: 1, true, yes or on; 0, false, no or off.
func (s *Settings) Bool(name string, otherwise bool) bool {
	f := s.find(name)
	if f == nil {
		return otherwise
	}
	switch strings.ToLower(f.Value) {
	case "1", "true", "yes", "on":
		return true
	case "0", "false", "no", "off":
		return false
	}
	s.mistake(f.Line, "%s is %q: write 1 or 0", name, f.Value)
	return otherwise
}

// Duration gives a time: a number of seconds, or with units as in 90s, 5m, 12h, 7d.
func (s *Settings) Duration(name string, otherwise, least, most time.Duration) time.Duration {
	f := s.find(name)
	if f == nil {
		return otherwise
	}
	d, err := parseDuration(f.Value)
	if err != nil || d < least || d > most {
		s.mistake(f.Line, "%s is %q: write seconds, or a time such as 90s, 5m, 12h or 7d, from %s to %s", name, f.Value, least, most)
		return otherwise
	}
	return d
}

func parseDuration(text string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(n * float64(time.Second)), nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		return time.Duration(n * 24 * float64(time.Hour)), err
	}
	return time.ParseDuration(text)
}

// Bytes gives a size: a number of bytes, or with K, M or G for powers of 1024.
func (s *Settings) Bytes(name string, otherwise, least, most int64) int64 {
	f := s.find(name)
	if f == nil {
		return otherwise
	}
	digits, unit := strings.TrimRight(strings.ToUpper(f.Value), "KMGIB"), int64(1)
	if i := strings.IndexAny(strings.ToUpper(f.Value), "KMG"); i >= 0 {
		unit = map[byte]int64{'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}[strings.ToUpper(f.Value)[i]]
	}
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil || n > most/unit || n*unit < least {
		s.mistake(f.Line, "%s is %q: write a number of bytes, or one with K, M or G, from %d to %d", name, f.Value, least, most)
		return otherwise
	}
	return n * unit
}

// Choice gives one of some words, in lower case.
func (s *Settings) Choice(name, otherwise string, words ...string) string {
	f := s.find(name)
	if f == nil {
		return otherwise
	}
	if word := strings.ToLower(f.Value); slices.Contains(words, word) {
		return word
	}
	s.mistake(f.Line, "%s is %q: write one of %s%s", name, f.Value, strings.Join(words, ", "), meant(strings.ToLower(f.Value), words))
	return otherwise
}

// Path gives the path of a file or folder; a relative one lies beside the file of the definition.
func (s *Settings) Path(name, otherwise string) string {
	p := s.Text(name, otherwise)
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(s.of.File), p)
}

// Moot names settings that other programs need and this module does not: they are no mistakes.
func (s *Settings) Moot(names ...string) {
	for _, name := range names {
		s.asked[name] = true
	}
}

// Wrong adds a mistake in a setting that the caller has found, or that it is missing. Do not quote a secret.
func (s *Settings) Wrong(name, format string, args ...any) {
	s.mistake(s.lineOf(name), name+": "+format, args...)
}

// WrongAt is Wrong for one of several lines of a setting.
func (s *Settings) WrongAt(f monitor.Setting, format string, args ...any) {
	s.mistake(f.Line, f.Name+": "+format, args...)
}

// Listens notes that the module will listen at an address of a network, as net.Listen takes them, so that `onbu verify` can tell of
// two that would at the same one.
func (s *Settings) Listens(network, address string) { s.ports = append(s.ports, network+" "+address) }

// Ports are what was noted with Listens, as monitor.ModuleVerdict has them.
func (s *Settings) Ports() []string { return s.ports }

// Err gives all mistakes, a line each; nil if there are none. Everything must have been asked for before.
func (s *Settings) Err() error { return errors.Join(slices.Concat(s.wrong, s.unready, s.unknown())...) }

// unknown are mistakes: settings that nobody asked for.
func (s *Settings) unknown() (all []error) {
	for _, f := range s.of.Settings {
		if !s.asked[f.Name] {
			known := slices.Sorted(maps.Keys(s.asked))
			all = append(all, s.at(f.Line, "there is no setting %s%s", f.Name, meant(f.Name, known)))
		}
	}
	return all
}

func (s *Settings) find(name string) *monitor.Setting {
	s.asked[name] = true
	for i := len(s.of.Settings) - 1; i >= 0; i-- {
		if f := &s.of.Settings[i]; f.Name == name {
			return f
		}
	}
	return nil
}

func (s *Settings) mistake(line uint32, format string, args ...any) {
	s.wrong = append(s.wrong, s.at(line, format, args...))
}

func (s *Settings) at(line uint32, format string, args ...any) error {
	return fmt.Errorf("%s:%d: module %s (%s): %s", s.of.File, line, s.of.Name, s.of.Type, fmt.Sprintf(format, args...))
}

// meant is the end of a sentence about a word that is not known.
func meant(word string, known []string) string {
	if near := nearest.Of(word, slices.Values(known)); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
