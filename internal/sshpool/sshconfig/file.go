package sshconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	maxFile  = 4 << 20 // bytes of a file
	maxDepth = 16      // of files that include files, as in readconf.h of OpenSSH
	maxFiles = 1000
)

// Config is what stands in a list of files, read once. It is not changed afterwards.
type Config struct {
	files      []stamp
	directives []directive
}

// stamp tells whether a file has changed.
type stamp struct {
	path    string
	size    int64
	changed time.Time
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{path: path, size: -1}
	}
	return stamp{path, info.Size(), info.ModTime()}
}

// Read reads configuration files in the order in which they count: the user's first. Files that are not there are empty.
// In a file below home, names in Include are relative to home's .ssh, in others to /etc/ssh. An error says which line
// cannot be used, so that ssh itself has to be asked.
func Read(home string, paths ...string) (*Config, error) {
	c := &Config{}
	for _, p := range paths {
		base := "/etc/ssh"
		if home != "" && strings.HasPrefix(p, filepath.Join(home, ".ssh")+"/") {
			base = filepath.Join(home, ".ssh")
		}
		r := reader{config: c, base: base, home: home}
		if err := r.file(p, 0); err != nil {
			return c, err
		}
		c.directives = append(c.directives, directive{keyword: "host", args: []string{"*"}}) // a block ends with its file
	}
	return c, nil
}

// Changed says whether a file is another than when it was read.
func (c *Config) Changed() bool {
	return slices.ContainsFunc(c.files, func(s stamp) bool {
		now := stampOf(s.path)
		return now.size != s.size || !now.changed.Equal(s.changed)
	})
}

// Apply adds to s what the files say for a host, named as on the command line. An error says which line only ssh can use.
func (c *Config) Apply(s *Settings, host string) error {
	applies := true
	for _, d := range c.directives {
		if d.keyword == "host" || d.keyword == "match" {
			var err error
			if applies, err = d.fits(host); err != nil {
				return d.wrong(err)
			}
			continue
		}
		if !applies {
			continue
		}
		if err := s.set(d); err != nil {
			return d.wrong(err)
		}
	}
	return nil
}

func (d directive) wrong(err error) error { return fmt.Errorf("%s line %d: %w", d.path, d.line, err) }

// fits says whether the block that the directive begins is about a host.
func (d directive) fits(host string) (bool, error) {
	if d.keyword == "host" {
		return matchList(d.args, host), nil
	}
	switch {
	case len(d.args) == 1 && strings.EqualFold(d.args[0], "all"):
		return true, nil
	case len(d.args) == 2 && strings.EqualFold(d.args[0], "originalhost"):
		return matchList(strings.Split(d.args[1], ","), host), nil
	}
	return false, fmt.Errorf("match %s: %w", strings.Join(d.args, " "), errElse)
}

// matchList says whether a host fits one of the patterns and none of those with a "!" in front.
func matchList(patterns []string, host string) bool {
	fits := false
	for _, p := range patterns {
		p, not := strings.CutPrefix(p, "!")
		if !Match(strings.ToLower(p), strings.ToLower(host)) {
			continue
		}
		if not {
			return false
		}
		fits = true
	}
	return fits
}

// Match says whether a whole text fits a pattern in which * stands for any characters and ? for one (ssh_config(5), PATTERNS).
func Match(pattern, text string) bool {
	star, retry := -1, 0
	p := 0
	for t := 0; t < len(text); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			retry++
			p, t = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// reader reads files and those that they include.
type reader struct {
	config     *Config
	base, home string
}

func (r *reader) file(path string, depth int) error {
	if depth > maxDepth || len(r.config.files) > maxFiles {
		return fmt.Errorf("%s: too many files include files", path)
	}
	r.config.files = append(r.config.files, stampOf(path))
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil // as ssh does
	}
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return err
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		d, err := parse(string(line))
		d.path, d.line = path, n
		switch {
		case err != nil:
			return d.wrong(err)
		case d.keyword == "include":
			err = r.include(d, depth)
		case d.keyword != "":
			r.config.directives = append(r.config.directives, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// include reads the files that an Include names. They belong to the block that they are included in, and a block that begins
// in them ends with them.
func (r *reader) include(d directive, depth int) error {
	block := r.block()
	for _, pattern := range d.args {
		switch {
		case strings.HasPrefix(pattern, "~/"):
			pattern = filepath.Join(r.home, pattern[2:])
		case !filepath.IsAbs(pattern):
			pattern = filepath.Join(r.base, pattern)
		}
		r.config.files = append(r.config.files, stampOf(filepath.Dir(pattern))) // a new file changes its folder
		found, err := filepath.Glob(pattern)
		if err != nil {
			return d.wrong(err)
		}
		for _, f := range found {
			if block.keyword != "" {
				inner := len(r.config.directives)
				if err := r.file(f, depth+1); err != nil {
					return err
				}
				if slices.ContainsFunc(r.config.directives[inner:], func(d directive) bool { return d.keyword == "host" || d.keyword == "match" }) {
					return d.wrong(fmt.Errorf("blocks inside an Include inside a block: %w", errElse))
				}
				continue
			}
			if err := r.file(f, depth+1); err != nil {
				return err
			}
			r.config.directives = append(r.config.directives, directive{keyword: "host", args: []string{"*"}})
		}
	}
	return nil
}

// block gives the directive that began the block at the end of what was read, the zero value outside of blocks.
func (r *reader) block() directive {
	for _, d := range slices.Backward(r.config.directives) {
		if d.keyword == "host" && len(d.args) == 1 && d.args[0] == "*" {
			break
		}
		if d.keyword == "host" || d.keyword == "match" {
			return d
		}
	}
	return directive{}
}

// parse takes a line apart: a keyword, a blank or "=", and arguments that may be quoted. Blank lines and comments give no
// keyword.
func parse(line string) (directive, error) {
	line = strings.Trim(line, " \t\r\n\f")
	if line == "" || line[0] == '#' {
		return directive{}, nil
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		end = len(line)
	}
	d := directive{keyword: strings.ToLower(line[:end])}
	rest := strings.TrimLeft(line[end:], " \t")
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "="), " \t")
	for rest != "" {
		var word string
		var err error
		if word, rest, err = argument(rest); err != nil {
			return d, err
		}
		if strings.HasPrefix(word, "#") {
			break
		}
		d.args = append(d.args, word)
		rest = strings.TrimLeft(rest, " \t")
	}
	return d, nil
}

// argument takes one argument off the front of a line.
func argument(text string) (word, rest string, err error) {
	if text[0] == '"' {
		word, rest, found := strings.Cut(text[1:], `"`)
		if !found {
			return "", "", errors.New("a quotation mark has no end")
		}
		return word, rest, nil
	}
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		return text, "", nil
	}
	return text[:end], text[end:], nil
}
