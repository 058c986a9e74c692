package nrdp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// deepest bounds how deep elements stand in each other; a result's are in the third level.
const deepest = 8

// fromXML reads the children checkresult of the root, whatever that is called. Entities other than XML's own five are none.
func fromXML(data string, most int) ([]monitor.Submission, error) {
	d := xml.NewDecoder(strings.NewReader(data))
	d.CharsetReader = charset
	x := reading{most: most, texts: map[string]*strings.Builder{"hostname": {}, "servicename": {}, "state": {}, "output": {}}}
	for {
		t, err := d.Token()
		if err == io.EOF && len(x.path) == 0 && x.begun {
			return x.results, nil
		}
		if err == nil {
			err = x.token(t)
		}
		if no := (*refusal)(nil); errors.As(err, &no) {
			return nil, err
		} else if err != nil {
			return nil, &refusal{"BAD XML", err.Error()}
		}
	}
}

// reading is where in the XML it stands, and what it has found.
type reading struct {
	most    int
	begun   bool
	path    []string
	kind    string
	texts   map[string]*strings.Builder // of the result at hand, by element
	results []monitor.Submission
}

func (x *reading) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		x.begun = true
		if x.path = append(x.path, t.Name.Local); len(x.path) > deepest {
			return errors.New("its elements stand too deep in each other")
		}
		if x.at(2) {
			x.begin(t)
		}
	case xml.CharData:
		if x.at(3) && x.texts[x.path[2]] != nil {
			x.texts[x.path[2]].Write(t)
		}
	case xml.EndElement:
		if x.at(2) {
			if len(x.results) == x.most {
				return tooMany("BAD XML", x.most)
			}
			x.end()
		}
		x.path = x.path[:len(x.path)-1]
	}
	return nil
}

// at says whether it stands so deep, in a result.
func (x *reading) at(depth int) bool { return len(x.path) == depth && x.path[1] == "checkresult" }

func (x *reading) begin(e xml.StartElement) {
	x.kind = "host"
	for _, a := range e.Attr {
		if a.Name.Local == "type" {
			x.kind = strings.ToLower(a.Value)
		}
	}
	for _, text := range x.texts {
		text.Reset()
	}
}

func (x *reading) end() {
	text := func(name string) string { return x.texts[name].String() }
	one := found{kind: x.kind, host: text("hostname"), service: text("servicename"), state: text("state"), output: text("output")}
	x.results = append(x.results, one.submission())
}

// charset reads Latin-1, which senders on Windows use.
func charset(name string, from io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii":
		return from, nil
	case "iso-8859-1", "latin1", "windows-1252":
		return &latin1{from: bufio.NewReader(from)}, nil
	}
	return nil, fmt.Errorf("the charset is not known: send UTF-8")
}

// latin1 gives UTF-8.
type latin1 struct {
	from *bufio.Reader
	left []byte
}

// Read implements io.Reader.
func (l *latin1) Read(b []byte) (int, error) {
	if len(l.left) == 0 {
		c, err := l.from.ReadByte()
		if err != nil {
			return 0, err
		}
		l.left = []byte(string(rune(c)))
	}
	n := copy(b, l.left)
	l.left = l.left[n:]
	return n, nil
}

// jsonResult is a result in JSON, where numbers may be texts and the other way round.
type jsonResult struct {
	Attributes struct {
		Type scalar `json:"type"`
	} `json:"checkresult"`
	Host    scalar `json:"hostname"`
	Service scalar `json:"servicename"`
	State   scalar `json:"state"`
	Output  scalar `json:"output"`
}

// scalar is a text, or anything else as it stands.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	*s = scalar(text)
	return nil
}

func fromJSON(data string, most int) ([]monitor.Submission, error) {
	d := json.NewDecoder(strings.NewReader(data))
	if err := seek(d, "checkresults"); err != nil {
		return nil, &refusal{"BAD JSON", err.Error()}
	}
	var all []monitor.Submission
	for d.More() {
		var r jsonResult
		if err := d.Decode(&r); err != nil {
			return nil, &refusal{"BAD JSON", err.Error()}
		}
		if len(all) == most {
			return nil, tooMany("BAD JSON", most)
		}
		one := found{kind: "host", host: string(r.Host), service: string(r.Service), state: string(r.State), output: string(r.Output)}
		if kind := strings.ToLower(string(r.Attributes.Type)); kind != "" {
			one.kind = kind
		}
		all = append(all, one.submission())
	}
	if !json.Valid(bytes.TrimSpace([]byte(data))) { // what stands behind the results is not read
		return nil, &refusal{"BAD JSON", "it is not whole"}
	}
	return all, nil
}

// seek goes to the first element of the array of that name in an object.
func seek(d *json.Decoder, name string) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errors.New("it is no object"))
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key == name {
			if t, err := d.Token(); err != nil || t != json.Delim('[') {
				return errors.Join(err, errors.New(name+" is no array"))
			}
			return nil
		}
		var other json.RawMessage
		if err := d.Decode(&other); err != nil {
			return err
		}
	}
	return errors.New("there is no " + name)
}
