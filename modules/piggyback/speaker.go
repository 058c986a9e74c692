package piggyback

import (
	"bytes"
	"fmt"
	"iter"
)

// Speaker is a source with what the rules say of it, and with a memory of names: each is translated once. Its memory is
// bounded. One goroutine at a time may use it; it is good for as long as its rules are.
type Speaker struct {
	steps
	// young takes new names; when it is full it becomes old, and what was old goes.
	young, old map[string]said
	room       int
}

type said struct {
	targets []string
	verdict Verdict
}

// maxRemembered bounds the names that are worth remembering.
const maxRemembered = 256

// Speaker gives the speaker for a source.
func (r *Rules) Speaker(source string) *Speaker {
	s := &Speaker{steps: r.stepsFor(source), young: map[string]said{}}
	s.room = max(16, min(s.most, 12000))
	return s
}

// Remembers is how many names the speaker remembers, each of at most 256 bytes.
func (s *Speaker) Remembers() int { return len(s.young) + len(s.old) }

// Translate is described at Rules.Translate. The targets are the speaker's; they are never changed.
func (s *Speaker) Translate(raw []byte) (targets []string, v Verdict) {
	if t, ok := s.young[string(raw)]; ok {
		return t.targets, t.verdict
	}
	t, ok := s.old[string(raw)]
	if !ok {
		t.targets, t.verdict = s.translate(raw)
	}
	if len(raw) > maxRemembered {
		return t.targets, t.verdict
	}
	if len(s.young) >= s.room {
		s.old, s.young = s.young, map[string]said{}
	}
	s.young[string(raw)] = t
	return t.targets, t.verdict
}

// Shared is an output's blocks by the hosts that they are for.
type Shared struct {
	// Own are the data that are for the source itself, under whatever name.
	Own [][]byte
	// Targets are the others, in the order in which they first came.
	Targets []Share
	// Ignored, Refused and Beyond count blocks: with names that are none, for hosts that the source may not speak for, and for
	// hosts beyond the bound of the rules.
	Ignored, Refused, Beyond uint32
	// Conflicts tells of names that differ in the output and became one host's, a sentence for each host; at most 100.
	Conflicts []string
}

// Share is what an output holds for a host.
type Share struct {
	Target string
	// Raw is what the output calls it; several names are parted by LF, which none of them holds. Bounded.
	Raw string
	// Data are to be joined as they are.
	Data [][]byte
}

const (
	maxConflicts = 100
	maxRaws      = 8
)

// Share sorts the blocks of one output, each a name and its data, by the hosts that they are for. It keeps the data.
func (s *Speaker) Share(blocks iter.Seq2[[]byte, []byte]) Shared {
	var out Shared
	at := map[string]int{}
	for name, data := range blocks {
		targets, v := s.Translate(name)
		switch v {
		case Own:
			out.Own = append(out.Own, data)
		case Ignored:
			out.Ignored++
		case Refused:
			out.Refused++
		}
		for _, target := range targets {
			if target == s.source {
				out.Own = append(out.Own, data)
				continue
			}
			i, ok := at[target]
			if !ok && len(out.Targets) >= s.most {
				out.Beyond++
				continue
			}
			if !ok {
				i = len(out.Targets)
				at[target] = i
				out.Targets = append(out.Targets, Share{Target: target})
			}
			out.Targets[i].add(string(name), data)
		}
	}
	out.conflicts(s.source)
	return out
}

// add joins a block to the others of its host.
func (t *Share) add(raw string, data []byte) {
	if n := len(t.Data); n > 0 && !bytes.HasSuffix(t.Data[n-1], []byte("\n")) && len(t.Data[n-1]) > 0 {
		t.Data = append(t.Data, []byte("\n"))
	}
	t.Data = append(t.Data, data)
	names := Raws(t.Raw)
	switch {
	case len(t.Data) == 1:
		t.Raw = raw
	case !has(names, raw) && len(names) < maxRaws:
		t.Raw += "\n" + raw
	}
}

func (out *Shared) conflicts(source string) {
	for i := range out.Targets {
		t := &out.Targets[i]
		if names := Raws(t.Raw); len(names) > 1 && len(out.Conflicts) < maxConflicts {
			out.Conflicts = append(out.Conflicts, fmt.Sprintf("%s: %s became the one host %q", source, listed(names), t.Target))
		}
	}
}
