package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

const (
	// mostObjects bounds how many objects one request is for.
	mostObjects = 1000
	// atOnce is how many commands of a request are on their way at the same time: each waits until it is stored.
	atOnce = 32
	// patience is how long a request waits for all of its commands.
	patience = 20 * time.Second
	// mostListed is how many objects of a request a log line names.
	mostListed = 20
)

// order is what somebody asks for with POST /ui/data/command. Times are Unix seconds.
type order struct {
	Do      string   `json:"do"`
	Objects []object `json:"objects"`
	Text    string   `json:"text"`
	// Start and End bound a downtime, Start 0 being now; one that is not Fixed lasts Duration seconds from the first problem between them.
	Start    int64 `json:"start"`
	End      int64 `json:"end"`
	Fixed    *bool `json:"fixed"`
	Duration int64 `json:"duration"`
	// Impacts has a host's downtime be that of all hosts behind it too.
	Impacts bool `json:"impacts"`
	// Sticky acknowledgements last until the object is well, others until its state changes; nil is sticky. Until ends one by itself.
	Sticky *bool `json:"sticky"`
	Notify bool  `json:"notify"`
	Until  int64 `json:"until"`
	// Persistent comments stay; nil is so for a comment, and not for that of an acknowledgement, which goes with it.
	Persistent *bool `json:"persistent"`
	// ID is which downtime or comment of the one object goes; 0 is all of each object.
	ID uint64 `json:"id"`
	// On is whether notifications or checks are to be on.
	On bool `json:"on"`
	// Once names this very request: one that comes again with the same name is answered as the first, and does nothing.
	Once string `json:"once"`
}

// object is a host, or a service.
type object struct {
	Host    string `json:"host"`
	Service string `json:"service,omitempty"`
}

func (o object) ref() monitor.Ref { return monitor.Ref{Host: o.Host, Service: o.Service} }

// outcome is what became of an order.
type outcome struct {
	Done   int    `json:"done"`
	Failed []fail `json:"failed"`
}

// fail is an object for which a command was not taken, and why.
type fail struct {
	object
	Error string `json:"error"`
}

// commandData adds what carries out what people ask for.
func (m *Module) commandData(mux *http.ServeMux) {
	mux.HandleFunc("POST /ui/data/command", m.allow(sign.Command, m.command))
}

func (m *Module) command(r *http.Request, who sign.Person) (any, error) {
	o, err := readOrder(r)
	if err != nil {
		return nil, err
	}
	return m.once.do(r.Context(), who.Name, o.Once, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer cancel()
		return m.carryOut(ctx, o, who, m.gate.From(r)), nil
	})
}

// readJSON reads the one value that a request posts. A form of another site cannot send its type.
func readJSON(r *http.Request, v any) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return failure(http.StatusUnsupportedMediaType, "send JSON, with Content-Type: application/json")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && d.More() {
		err = errors.New("there is more behind the value")
	}
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return failure(http.StatusRequestEntityTooLarge, "the request is longer than %d bytes", big.Limit)
	}
	if errors.Is(err, io.EOF) {
		return failure(http.StatusBadRequest, "the request is empty")
	}
	if err != nil {
		return failure(http.StatusBadRequest, "the request cannot be read: %v", err)
	}
	return nil
}

func readOrder(r *http.Request) (*order, error) {
	var o order
	if err := readJSON(r, &o); err != nil {
		return nil, err
	}
	switch n := len(o.Objects); {
	case n == 0:
		return nil, failure(http.StatusBadRequest, "choose a host or service first")
	case n > mostObjects:
		return nil, failure(http.StatusBadRequest, "%d objects are too many at once: choose at most %d", n, mostObjects)
	case len(o.Once) > 64:
		return nil, failure(http.StatusBadRequest, "the name of a request (once) is longer than 64 bytes")
	}
	return &o, o.check(time.Now())
}

// carryOut gives the commands, and says which were not taken. It goes on when the asker has gone.
func (m *Module) carryOut(ctx context.Context, o *order, who sign.Person, from string) outcome {
	now, known, shown := time.Now(), m.outlook.Catalog(), m.outlook.View()
	errs := make([]error, len(o.Objects))
	var work sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for i, of := range o.Objects {
		line, err := o.lineFor(of.ref(), who.Name, now, known, shown)
		if err != nil {
			errs[i] = err
			continue
		}
		room <- struct{}{}
		work.Go(func() {
			errs[i] = m.outlook.Obey(ctx, line, "web "+who.Name)
			<-room
		})
	}
	work.Wait()
	out := outcome{Failed: []fail{}}
	for i, err := range errs {
		if err != nil {
			out.Failed = append(out.Failed, fail{o.Objects[i], err.Error()})
		}
	}
	out.Done = len(o.Objects) - len(out.Failed)
	m.tell(o, out, who, from)
	return out
}

// lineFor gives the external command for one object, if there is such an object and it makes sense for it.
func (o *order) lineFor(of monitor.Ref, author string, now time.Time, known *catalog.Catalog, shown *view.Snapshot) (string, error) {
	if _, _, ok := known.Find(of); !ok {
		return "", errors.New("there is no such host or service")
	}
	if err := o.fits(of, shown); err != nil {
		return "", err
	}
	return o.line(of, author, now)
}

// tell leaves a line in the log of who did what.
func (m *Module) tell(o *order, out outcome, who sign.Person, from string) {
	var named []string
	for _, of := range o.Objects[:min(len(o.Objects), mostListed)] {
		named = append(named, of.ref().String())
	}
	args := []any{"who", who.Name, "from", from, "do", o.Do, "objects", named, "number", len(o.Objects)}
	if len(out.Failed) == 0 {
		m.log.Info("command from the pages", args...)
		return
	}
	m.log.Warn("command from the pages: some were not taken", append(args, "failed", len(out.Failed), "first", out.Failed[0].ref().String(), "error", out.Failed[0].Error)...)
}
