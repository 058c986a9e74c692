package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/nearest"
)

// mostMistakes is how many mistakes a sender is told of at once.
const mostMistakes = 100

// mistake is what is wrong with one of the results that were sent, counted from 0.
type mistake struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// wireResult is one result as it is sent.
type wireResult struct {
	Host       string          `json:"host"`
	Service    string          `json:"service"`
	State      json.RawMessage `json:"state"`
	Output     string          `json:"output"`
	LongOutput string          `json:"long_output"`
	Perfdata   string          `json:"perfdata"`
	Time       json.RawMessage `json:"time"`
	ID         string          `json:"id"`
}

// decode reads an array of results, or any number of results one behind the other, as in lines. Mistakes are what is wrong
// with single results; an error, which is a *web.Fault, says that the body cannot be read at all.
func decode(body []byte, most int, now monitor.Time) ([]monitor.Submission, []mistake, error) {
	d := decoder{from: json.NewDecoder(bytes.NewReader(body)), most: most, now: now}
	d.from.DisallowUnknownFields()
	var err error
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		err = d.array()
	} else {
		err = d.lines()
	}
	if err == nil && d.n == 0 {
		err = broken("there is no result in it: send an object, an array of objects, or an object a line")
	}
	return d.results, d.mistakes, err
}

type decoder struct {
	from     *json.Decoder
	most, n  int
	now      monitor.Time
	results  []monitor.Submission
	mistakes []mistake
}

func (d *decoder) array() error {
	if _, err := d.from.Token(); err != nil {
		return d.unreadable(err)
	}
	for d.from.More() {
		if err := d.one(); err != nil {
			return err
		}
	}
	if _, err := d.from.Token(); err != nil {
		return d.unreadable(err)
	}
	if _, err := d.from.Token(); err != io.EOF {
		return broken("something stands behind the end of the array")
	}
	return nil
}

func (d *decoder) lines() error {
	for {
		if err := d.one(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// one reads the next result. What is wrong with its JSON ends it all; what is wrong with a value is a mistake.
func (d *decoder) one() error {
	var r wireResult
	err := d.from.Decode(&r)
	var syntax *json.SyntaxError
	switch {
	case err == io.EOF:
		return err
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF):
		return d.unreadable(err)
	case d.n == d.most:
		return &web.Fault{Code: http.StatusRequestEntityTooLarge, Why: fmt.Sprintf("more than %d results: send them in parts", d.most), Reason: "size"}
	}
	d.n++
	s, wrong := r.submission(d.now)
	if err != nil {
		wrong = plain(err)
	}
	switch {
	case wrong == nil:
		d.results = append(d.results, s)
	case len(d.mistakes) < mostMistakes:
		d.mistakes = append(d.mistakes, mistake{d.n - 1, wrong.Error()})
	}
	return nil
}

func (d *decoder) unreadable(err error) error {
	return broken(fmt.Sprintf("result %d is no JSON: %v", d.n, err))
}

// plain says what is wrong with a value in words of the sender's.
func plain(err error) error {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return unknownField(err)
	}
	if kind.Field == "" {
		return fmt.Errorf("a result is an object, not %s", kind.Value)
	}
	return fmt.Errorf("%s: want a text, not %s", kind.Field, kind.Value)
}

// unknownField puts what the decoder says of a field that there is not into other words.
func unknownField(err error) error {
	name, is := strings.CutPrefix(err.Error(), "json: unknown field ")
	if !is {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	name = strings.Trim(name, `"`)
	fields := []string{"host", "service", "state", "output", "long_output", "perfdata", "time", "id"}
	if near := nearest.Of(name, slices.Values(fields)); near != "" {
		return fmt.Errorf("there is no field %s; did you mean %s?", shown(name), near)
	}
	return fmt.Errorf("there is no field %s", shown(name))
}

func broken(why string) error {
	return &web.Fault{Code: http.StatusBadRequest, Why: why, Reason: "broken"}
}
