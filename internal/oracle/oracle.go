// Package oracle compares Onbu with Nagios. Both get the same objects and, second by second, the same passive results
// and external commands; what Nagios said is kept in testdata, and the tests drive the core through the same seconds in
// virtual time.
//
// A sequence is a small world and what happens in it. Its objects are its own, so that one Nagios process lives through
// hundreds of sequences at once: an event a second each. What is compared at the end of each second: the lines of the
// log about alerts, notifications, flapping, downtimes and event handlers, and of each object the state, its type, the
// attempt, flapping and the percentage of change, depth of downtime, acknowledgement, number of the notification and
// comments.
//
// The recordings are text, compressed. zcat shows:
//
//	sequence 17 downtimes start=1795308305 passive_host_checks_are_soft
//	host h0 contacts=c0 max_check_attempts=3          the world: a directive is key=value
//	service h0/s0 contacts=c0,c1 is_volatile=1
//	@4 result h0/s0 2                                 in second 4 this came in
//	alert h0/s0 CRITICAL SOFT 1                       this went into the log
//	= h0/s0 CRITICAL SOFT 1 comments=1                and this is the new present of an object
//
// `make oracle` records anew.
package oracle

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Sequence is a world, what happens in it, and what came of it.
type Sequence struct {
	Seed    uint64
	Profile string
	// Start is the Unix time of second 0.
	Start int64
	// Options are settings of the main file that are not the usual ones: name or name=value.
	Options []string
	World   []string // the lines that define the objects
	Seconds []Second
}

// Second is what happened in a second, and what came of it.
type Second struct {
	At int // in seconds since the start; a second that nothing was sent in may be missing
	// Event is "result OBJECT STATE" or an external command, with the names of the world in it; empty for none. "@17" in
	// it is a time in seconds since the start, "#h0/s0:d4" the number of the downtime of that object whose comment is d4.
	Event string
	// Log holds what was logged, sorted: the order inside of a second is no promise.
	Log []string
	// Present holds the objects whose present has changed.
	Present map[string]string
}

func (s *Sequence) title() string {
	words := append([]string{"sequence", strconv.FormatUint(s.Seed, 10), s.Profile, fmt.Sprintf("start=%d", s.Start)}, s.Options...)
	return strings.Join(words, " ")
}

// Write writes a sequence as text.
func (s *Sequence) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, s.title())
	for _, line := range s.World {
		fmt.Fprintln(out, line)
	}
	for i := range s.Seconds {
		s.Seconds[i].write(out)
	}
	return out.Flush()
}

func (s *Second) write(out io.Writer) {
	fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("@%d %s", s.At, s.Event)))
	for _, line := range s.Log {
		fmt.Fprintln(out, line)
	}
	for _, name := range sortedKeys(s.Present) {
		fmt.Fprintf(out, "= %s %s\n", name, s.Present[name])
	}
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Read reads sequences until the end.
func Read(r io.Reader) ([]*Sequence, error) {
	var all []*Sequence
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if strings.HasPrefix(line, "sequence ") {
			s, err := readTitle(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			all = append(all, s)
		} else if len(all) == 0 {
			return nil, fmt.Errorf("line %d: no sequence before %q", n, line)
		} else if err := all[len(all)-1].read(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return all, lines.Err()
}

func readTitle(line string) (*Sequence, error) {
	s := &Sequence{}
	words := strings.Fields(line)
	if len(words) < 4 {
		return nil, fmt.Errorf("want sequence SEED PROFILE start=SECONDS, got %q", line)
	}
	var err error
	if s.Seed, err = strconv.ParseUint(words[1], 10, 64); err != nil {
		return nil, err
	}
	s.Profile, s.Options = words[2], words[4:]
	if s.Start, err = strconv.ParseInt(strings.TrimPrefix(words[3], "start="), 10, 64); err != nil {
		return nil, err
	}
	return s, nil
}

// read takes in one line of a sequence.
func (s *Sequence) read(line string) error {
	if stamp, event, _ := strings.Cut(line, " "); strings.HasPrefix(stamp, "@") {
		at, err := strconv.Atoi(stamp[1:])
		s.Seconds = append(s.Seconds, Second{At: at, Event: event})
		return err
	}
	if len(s.Seconds) == 0 {
		s.World = append(s.World, line)
		return nil
	}
	last := &s.Seconds[len(s.Seconds)-1]
	present, ok := strings.CutPrefix(line, "= ")
	if !ok {
		last.Log = append(last.Log, line)
		return nil
	}
	name, present, _ := strings.Cut(present, " ")
	if last.Present == nil {
		last.Present = make(map[string]string)
	}
	last.Present[name] = present
	return nil
}
