package live

import (
	"bytes"
	"context"
	"encoding/json"
)

// Same is a Source for what is small: all of it is sent whenever it is another than before. Make gives a value that becomes JSON; an
// error is sent too, as {"error":"…"}.
type Same struct {
	Make func(ctx context.Context) (any, error)
	last []byte
}

// Change implements Source.
func (s *Same) Change(ctx context.Context) []byte {
	v, err := s.Make(ctx)
	if err != nil {
		v = map[string]string{"error": err.Error()}
	}
	now, err := json.Marshal(v)
	if err != nil || bytes.Equal(now, s.last) {
		return nil
	}
	s.last = now
	return now
}

// Whole implements Source.
func (s *Same) Whole() []byte { return s.last }
