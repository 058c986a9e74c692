package nrdp

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/monitor"
)

// request is a form, of which the kind of its data decides the kind of the answer.
type request struct{ form web.Form }

// The kinds, as senders may ask for them in output_type.
const (
	typeXML  = "TYPE_XML"
	typeJSON = "TYPE_JSON"
)

// kind gives the kind of the data: XML if both are there.
func (q request) kind() string {
	if asked := q.form.Get("output_type", ""); asked == typeXML || asked == typeJSON {
		return asked
	}
	if q.data(typeXML) == "" && q.data(typeJSON) != "" {
		return typeJSON
	}
	return typeXML
}

func (q request) data(kind string) string {
	names := []string{"xml", "xmldata", "XMLDATA"}
	if kind == typeJSON {
		names = []string{"json", "jsondata", "JSONDATA"}
	}
	for _, name := range names {
		if data := q.form.Get(name, ""); data != "" {
			return data
		}
	}
	return ""
}

// results reads the data. The error is a *refusal.
func (q request) results(most int) ([]monitor.Submission, error) {
	kind := q.kind()
	data := q.data(kind)
	if data == "" {
		return nil, &refusal{message: "NO DATA"}
	}
	if kind == typeJSON {
		return fromJSON(data, most)
	}
	return fromXML(data, most)
}

// found is a result as it was sent.
type found struct{ kind, host, service, state, output string }

// submission gives the result. One for a service that is not named gets no host, for it would count for the host itself.
func (f *found) submission() monitor.Submission {
	of := monitor.Ref{Host: strings.TrimSpace(f.host)}
	if f.kind == "service" {
		if of.Service = strings.TrimSpace(f.service); of.Service == "" {
			of.Host = ""
		}
	}
	return nagios.Result(of, nagios.State(f.state, of.IsHost()), strings.ReplaceAll(f.output, "\t", " "))
}

func tooMany(what string, most int) error {
	return &refusal{what, fmt.Sprintf("more than %d results: send them in parts", most)}
}

// pair is a name and a value; answer is several of them in their order, as values too.
type pair struct {
	name  string
	value any
}

type answer []pair

// reply answers as NRDP does, whatever happened with 200.
func (q request) reply(w http.ResponseWriter, a answer, root string) {
	var b bytes.Buffer
	all := answer{{root, a}}
	switch {
	case q.form.Get("debug", "") == "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	case q.kind() == typeJSON:
		w.Header().Set("Content-Type", "application/json")
	default:
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	}
	if q.kind() == typeXML {
		all.xml(&b, "")
	} else if all.json(&b); q.form.Get("pretty", "") != "" {
		var pretty bytes.Buffer
		if json.Indent(&pretty, b.Bytes(), "", "    ") == nil {
			b = pretty
		}
	}
	_, _ = w.Write(b.Bytes()) // the sender is gone; there is nobody to tell
}

func (a answer) xml(b *bytes.Buffer, indent string) {
	for _, p := range a {
		b.WriteString(indent + "<" + p.name + ">")
		if inner, ok := p.value.(answer); ok {
			b.WriteByte('\n')
			inner.xml(b, indent+"    ")
			b.WriteString(indent)
		} else {
			_ = xml.EscapeText(b, []byte(fmt.Sprint(p.value))) // a buffer takes all
		}
		b.WriteString("</" + p.name + ">\n")
	}
}

func (a answer) json(b *bytes.Buffer) {
	b.WriteByte('{')
	for i, p := range a {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", p.name)
		switch v := p.value.(type) {
		case answer:
			v.json(b)
		case int:
			fmt.Fprint(b, v)
		default:
			text, _ := json.Marshal(fmt.Sprint(v)) // a text can be written
			b.Write(text)
		}
	}
	b.WriteByte('}')
}
