package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor/api"
)

// maxRules bounds the definitions that somebody tries, in bytes.
const maxRules = 64 << 10

// trying adds what tries rules without bringing them into force, where there is a broker.
func (s *httpServer) trying(mux *http.ServeMux) {
	if slices.Contains(s.app.o.Roles, "broker") {
		mux.HandleFunc("POST /api/piggyback/try", s.try)
	}
}

// try answers what the definitions in the body would do. It changes nothing.
func (s *httpServer) try(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRules))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the definitions cannot be read: %v", err))
		return
	}
	t, err := s.trial(r.Context(), text)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	head(w)
	_ = json.NewEncoder(w).Encode(t) // the asker is gone
}

func (s *httpServer) trial(ctx context.Context, text []byte) (*api.TriedRules, error) {
	var known api.Known
	if err := s.own(ctx, "/api/piggyback/hosts", &known); err != nil {
		return nil, err
	}
	t := &api.TriedRules{Problems: []string{}}
	config, report := arbiter.ReadRules("definitions", string(text), known.Here)
	if !report.OK() {
		for _, p := range report.Problems {
			t.Problems = append(t.Problems, arbiter.Line(p))
		}
		return t, nil
	}
	rules, _ := piggyback.Compile(config) // the loader has refused those that are wrong
	var payloads api.Payloads
	err := s.own(ctx, "/api/piggyback?where=all", &payloads)
	if err == nil && payloads.Error != "" {
		err = errors.New(payloads.Error)
	}
	if err != nil {
		return nil, err
	}
	t.Trial = *console.Try(rules, &payloads, &known)
	return t, nil
}

// own asks this process's own API.
func (s *httpServer) own(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	w := &heard{code: http.StatusOK, header: http.Header{}}
	s.ServeHTTP(w, r)
	if w.code != http.StatusOK {
		return fmt.Errorf("%s answered %d: %s", path, w.code, w.body.String())
	}
	if err := json.Unmarshal(w.body.Bytes(), into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", path, err)
	}
	return nil
}

// heard is an answer of this process to itself.
type heard struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (h *heard) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *heard) WriteHeader(code int) { h.code = code }

// Write implements io.Writer.
func (h *heard) Write(p []byte) (int, error) { return h.body.Write(p) }
