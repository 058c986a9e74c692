package live

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
)

// Same is a Source for what is small: all of it is sent whenever it is another than before. Make gives a value that becomes JSON; an
// error is sent too, as {"error":"…"}.
type Same struct {
	Make func(ctx context.Context) (any, error)
	// Log gets a line when a value cannot become JSON, which is a bug of whoever made it: pages keep what they have. nil is for none.
	Log  *slog.Logger
	last []byte
	said bool // that the value of now cannot
}

// Change implements Source.
func (s *Same) Change(ctx context.Context) []byte {
	v, err := s.Make(ctx)
	if err != nil {
		v = failed(err)
	}
	now, err := json.Marshal(v)
	if err != nil {
		s.tell(err)
		if s.last != nil {
			return nil
		}
		now, _ = json.Marshal(failed(err)) // a string has no error
	} else {
		s.said = false
	}
	if bytes.Equal(now, s.last) {
		return nil
	}
	s.last = now
	return now
}

func failed(err error) map[string]string { return map[string]string{"error": err.Error()} }

// tell says once, until a value is good again, that one cannot be sent.
func (s *Same) tell(err error) {
	if !s.said && s.Log != nil {
		s.Log.Error("what pages show cannot be sent, and stays as it was; please report it", "error", err)
	}
	s.said = true
}

// Whole implements Source.
func (s *Same) Whole() []byte { return s.last }
