package datasource

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/onbu/onbu/modules/check/booster/ini"
)

const (
	// maxFile is the largest file that is read; the longest that people have is 60 kB.
	maxFile = 4 << 20
	// folderFiles are the files that are read of a folder, as snmp_booster does.
	folderFiles = "Default*.ini"
)

// Read reads a file, or of a folder all files Default*.ini in the order of their names: what comes later replaces what was
// there. What cannot be read is a mistake too; Set is never nil.
func Read(path string) *Set {
	tree, mistakes := ini.Empty(), []ini.Mistake(nil)
	names, err := files(path)
	if err != nil {
		mistakes = append(mistakes, ini.Mistake{Pos: ini.Pos{File: path}, Text: err.Error()})
	}
	for _, name := range names {
		text, err := readFile(name)
		if err != nil {
			mistakes = append(mistakes, ini.Mistake{Pos: ini.Pos{File: name}, Text: err.Error()})
			continue
		}
		mistakes = append(mistakes, tree.Read(name, text)...)
	}
	s := build(tree, path, len(mistakes) == 0)
	s.Mistakes = append(mistakes, s.Mistakes...)
	return s
}

// Parse reads the text of one file.
func Parse(file, text string) *Set {
	tree := ini.Empty()
	mistakes := tree.Read(file, text)
	s := build(tree, file, len(mistakes) == 0)
	s.Mistakes = append(mistakes, s.Mistakes...)
	return s
}

// files gives the files that a path stands for.
func files(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, plain(err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	list, err := filepath.Glob(filepath.Join(glob(path), folderFiles))
	if err == nil && len(list) == 0 {
		err = errors.New("no file in this folder is called " + folderFiles + "; give the folder or the file that has the datasources")
	}
	slices.Sort(list)
	return list, err
}

// glob gives a path as a pattern that matches nothing else.
func glob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

func readFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", plain(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", plain(err)
	case len(b) > maxFile:
		return "", fmt.Errorf("larger than %d MiB: this is no datasource file", maxFile>>20)
	case !utf8.Valid(b):
		return strings.ToValidUTF8(string(b), "?"), nil
	}
	return string(b), nil
}

// plain takes the path out of an error that is said with it anyway.
func plain(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// build makes a Set of what was read. Sections that are not there are a mistake only if all files could be read.
func build(tree *ini.Section, path string, whole bool) *Set {
	b := builder{root: tree, Set: &Set{
		Path: path, Sources: map[string]*Source{}, Templates: map[string]*Template{}, Maps: map[string]*Map{},
		Triggers: map[string]*Trigger{}, Groups: map[string]*Group{},
	}}
	b.sources(b.section("DATASOURCE", whole))
	b.maps(b.section("MAP", false))
	b.templates(b.section("DSTEMPLATE", whole))
	b.triggers(b.section("TRIGGER", false))
	b.groups(b.section("TRIGGERGROUP", false))
	slices.SortStableFunc(b.Mistakes, func(x, y ini.Mistake) int {
		if c := strings.Compare(x.File, y.File); c != 0 {
			return c
		}
		return x.Line - y.Line
	})
	return b.Set
}

// builder makes a Set of a tree.
type builder struct {
	*Set
	root *ini.Section
}

// section gives one of the outermost sections, an empty one if it is not there.
func (b *builder) section(name string, needed bool) *ini.Section {
	if s := b.root.Section(name); s != nil {
		return s
	}
	if needed {
		b.wrong(ini.Pos{File: b.Path}, "there is no section [%s]", name)
	}
	return ini.Empty()
}

func (b *builder) wrong(at ini.Pos, format string, args ...any) string {
	m := ini.Mistake{Pos: at, Text: fmt.Sprintf(format, args...)}
	b.Mistakes = append(b.Mistakes, m)
	return m.String()
}

// items gives the items of the first of the keys that is set.
func (b *builder) items(s *ini.Section, keys ...string) (list []string, at ini.Pos, found bool) {
	for _, key := range keys {
		v, ok, err := s.Value(key)
		switch {
		case err != nil:
			b.wrong(v.Pos, "%s: %v", key, err)
			return nil, v.Pos, true
		case ok:
			return v.Items, v.Pos, true
		}
	}
	return nil, s.Pos, false
}

// word gives the one item of the first of the keys that is set.
func (b *builder) word(s *ini.Section, keys ...string) (word string, at ini.Pos, found bool) {
	list, at, found := b.items(s, keys...)
	if len(list) > 1 {
		b.wrong(at, "%s has one value, not a list: put quotes around it", keys[0])
	}
	if len(list) == 0 {
		return "", at, found
	}
	return strings.TrimSpace(list[0]), at, found
}
