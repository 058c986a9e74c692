package bus

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Matches tells whether a subject falls under a filter, in which "*" stands for one token and a last ">" for one or more.
// The empty filter matches everything.
func (s Subject) Matches(filter Subject) bool {
	return filter == "" || matches(string(filter), string(s))
}

func matches(filter, text string) bool {
	for {
		want, moreWant, hasWant := strings.Cut(filter, ".")
		got, moreGot, hasGot := strings.Cut(text, ".")
		switch {
		case want == ">" && !hasWant:
			return true
		case want != "*" && want != got:
			return false
		case !hasWant || !hasGot:
			return hasWant == hasGot
		}
		filter, text = moreWant, moreGot
	}
}

// Check says what is wrong with a subject to send to: an empty token, a wildcard, a blank or a control character.
// Nothing that the functions of this package build from tokens is refused.
func (s Subject) Check() error {
	for token := range strings.SplitSeq(string(s), ".") {
		if token == "" {
			return fmt.Errorf("subject %q has an empty token", s)
		}
		if i := strings.IndexFunc(token, unfit); i >= 0 {
			return fmt.Errorf("subject %q holds %q, which is no part of a name: use bus.Token", s, token[i])
		}
	}
	return nil
}

func unfit(r rune) bool { return r == '*' || r == '>' || r <= ' ' || r >= 0x7f }

// StreamOf names the one of streams that stores a subject, "" for none.
func StreamOf(streams []Keeping, s Subject) Stream {
	for _, k := range streams {
		for _, filter := range k.Subjects {
			if s.Matches(filter) {
				return k.Stream
			}
		}
	}
	return ""
}

// CheckLetters says why letters cannot be posted to streams of these, before anything is sent.
func CheckLetters(streams []Keeping, letters []Letter) error {
	for i := range letters {
		l := &letters[i]
		if err := CheckMessage(l.Subject, l.Data); err != nil {
			return err
		}
		if !keepsLast(streams, StreamOf(streams, l.Subject)) {
			return fmt.Errorf("no stream of the layout keeps the newest of %s", l.Subject)
		}
		if l.TTL%time.Second != 0 || l.TTL < 0 {
			return fmt.Errorf("letter to %s is to be kept for %s: whole seconds are wanted", l.Subject, l.TTL)
		}
		if l.First && l.While != "" {
			return fmt.Errorf("letter to %s has First and While: one of them is allowed", l.Subject)
		}
	}
	return nil
}

func keepsLast(streams []Keeping, s Stream) bool {
	return slices.ContainsFunc(streams, func(k Keeping) bool { return k.Stream == s && k.Last })
}

// CheckCursor says why a stream of these cannot be read so.
func CheckCursor(streams []Keeping, c Cursor) error {
	for _, k := range streams {
		if k.Stream == c.Stream {
			if k.Queue && c.Durable == "" {
				return fmt.Errorf("reading %s: a queue wants a named reader", c.Stream)
			}
			return nil
		}
	}
	return fmt.Errorf("reading %s: no such stream in the layout", c.Stream)
}

// CheckKey says what is wrong with a key of a bucket.
func CheckKey(key string) error {
	if key == "" || key[0] == '.' || key[len(key)-1] == '.' || strings.Contains(key, "..") {
		return fmt.Errorf("key %q has an empty part", key)
	}
	for _, r := range key {
		if !strings.ContainsRune(keyRunes, r) {
			return fmt.Errorf("key %q holds %q: letters, digits and - _ . = are allowed", key, r)
		}
	}
	return nil
}

const keyRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.="

// KeyMatches tells whether a key falls under a pattern of Watch.
func KeyMatches(pattern, key string) bool { return pattern == "" || matches(pattern, key) }

// CheckCommit says why records cannot be committed under a fence, before anything is sent.
func CheckCommit(f Fence, batch string, records []Record) error {
	if f.Seq == 0 || batch == "" {
		return fmt.Errorf("shard %d: a commit needs a fence from Claim and a batch id", f.Shard)
	}
	if len(records) == 0 || len(records) > MaxBatch {
		return fmt.Errorf("shard %d: %d records in one commit, 1 to %d are allowed: %w", f.Shard, len(records), MaxBatch, ErrTooLarge)
	}
	total, filter := 0, EventsOf(f.Shard)
	for i, r := range records {
		if !r.Subject.Matches(filter) || r.Subject.Check() != nil {
			return fmt.Errorf("shard %d: record %d has subject %q, not one of %s", f.Shard, i, r.Subject, filter)
		}
		if r.TTL%time.Second != 0 || r.TTL < 0 {
			return fmt.Errorf("shard %d: record %d is to be kept for %s: whole seconds are wanted", f.Shard, i, r.TTL)
		}
		if len(r.Data) > MaxMessage {
			return fmt.Errorf("shard %d: record %d has %d bytes, %d are allowed: %w", f.Shard, i, len(r.Data), MaxMessage, ErrTooLarge)
		}
		total += len(r.Data)
	}
	if total > MaxBatchBytes {
		return fmt.Errorf("shard %d: %d bytes in one commit, %d are allowed: %w", f.Shard, total, MaxBatchBytes, ErrTooLarge)
	}
	return nil
}

// CheckMessage says why a message cannot be sent.
func CheckMessage(s Subject, data []byte) error {
	if err := s.Check(); err != nil {
		return err
	}
	if len(data) > MaxMessage {
		return fmt.Errorf("%d bytes for %s, %d are allowed: %w", len(data), s, MaxMessage, ErrTooLarge)
	}
	return nil
}
