package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/onbu/onbu/monitor/amount"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// mostHeld bounds the payloads of which something is kept in memory while a page of them is open.
	mostHeld = 250_000
	// mailKept is how long the newest look stays in memory when nobody asks any more.
	mailKept = time.Minute
)

// readMail reads what the API says of all payloads, one after the other as they come: the answer as a whole is nowhere in memory. What
// is beyond mostHeld is only counted.
func (m *Module) readMail(ctx context.Context) (*api.Payloads, error) {
	in, out := io.Pipe()
	defer in.Close()
	a := &pipedAnswer{out: out}
	go func() { out.CloseWithError(m.request(ctx, "/api/piggyback?where=all", a)) }()
	seen := &api.Payloads{}
	d := mailDecoder{Decoder: json.NewDecoder(in), same: map[string]string{}, most: mostHeld}
	if err := d.read(seen); err != nil {
		return nil, fmt.Errorf("reading the payloads: %w", err)
	}
	if a.code >= http.StatusBadRequest {
		return nil, failure(a.code, "%s", seen.Error)
	}
	if d.left > 0 && seen.Error == "" {
		seen.Error = amount.Several(d.left, "payload") + " are beyond what is held of them"
	}
	return seen, nil
}

// pipedAnswer is an answer that is read while it is written. code is to be read after the body.
type pipedAnswer struct {
	head http.Header
	code int
	out  *io.PipeWriter
}

// Header implements http.ResponseWriter.
func (a *pipedAnswer) Header() http.Header {
	if a.head == nil {
		a.head = http.Header{}
	}
	return a.head
}

// WriteHeader implements http.ResponseWriter.
func (a *pipedAnswer) WriteHeader(code int) { a.code = code }

// Write implements io.Writer.
func (a *pipedAnswer) Write(p []byte) (int, error) { return a.out.Write(p) }

// mailDecoder reads a mailSeen. Texts that many payloads share are in memory once.
type mailDecoder struct {
	*json.Decoder
	same map[string]string
	most int
	left int // how many were beyond most
}

var errNoObject = errors.New("the answer is no JSON object")

func (d *mailDecoder) read(seen *api.Payloads) error {
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return cmp.Or(err, errNoObject)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		switch key {
		case "now":
			err = d.Decode(&seen.Now)
		case "sources":
			err = d.Decode(&seen.Sources)
		case "payloads":
			err = d.payloads(seen)
		case "error":
			err = d.Decode(&seen.Error)
		default:
			err = d.Decode(new(json.RawMessage))
		}
		if err != nil {
			return err
		}
	}
	_, err := d.Token() // }
	return err
}

func (d *mailDecoder) payloads(seen *api.Payloads) error {
	if begin, err := d.Token(); err != nil || begin == nil { // [ or null
		return err
	}
	for d.More() {
		var p api.Payload
		if err := d.Decode(&p); err != nil {
			return err
		}
		if len(seen.Payloads) == d.most {
			d.left++
			continue
		}
		for _, text := range []*string{&p.Target, &p.Source, &p.Site, &p.Where, &p.To, &p.State, &p.Text} {
			*text = d.once(*text)
		}
		for i := range p.Names {
			p.Names[i] = d.once(p.Names[i])
		}
		seen.Payloads = append(seen.Payloads, p)
	}
	_, err := d.Token() // ]
	return err
}

func (d *mailDecoder) once(text string) string {
	if known, ok := d.same[text]; ok {
		return known
	}
	d.same[text] = text
	return text
}
