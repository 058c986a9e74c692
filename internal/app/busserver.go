package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/keys"
)

// figures is a bus that has metrics of its own.
type figures interface{ WriteMetrics(io.Writer) }

// BusServer is a server of the bus that is a process of its own, and how others see how it is.
type BusServer struct {
	Server interface {
		healthy
		figures
	}
	// Connect opens a connection to the bus, and may take as long as its cluster needs.
	Connect func(context.Context) (bus.Conn, error)
	// Name is the server's, in the cluster log.
	Name string
	// HTTP is where /healthz and /metrics are served; empty for nowhere.
	HTTP string
	Keys *keys.Ring // nil for none
	Log  *slog.Logger
}

// busPages serves what a BusServer has to show.
type busPages struct {
	BusServer
	metrics *metrics.Set
	state   *busState
}

// Serve opens the port; stop ends what it began.
func (b BusServer) Serve(ctx context.Context) (stop func() error, err error) {
	var l net.Listener
	if b.HTTP != "" {
		if l, err = listenHTTP(b.HTTP); err != nil {
			return nil, err
		}
	}
	p := b.pages()
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		p.watch(ctx)
	}()
	if l == nil {
		return func() error {
			cancel()
			<-watched
			return nil
		}, nil
	}
	s := serverFor(l, b.HTTP, p.mux())
	go func() {
		if err := s.Serve(guarded(l)); !errors.Is(err, http.ErrServerClosed) {
			b.Log.Error("the API ended, and the bus goes on without it", "error", err)
		}
	}()
	b.Log.Info("listening", "http", "http://"+l.Addr().String())
	return func() error {
		cancel()
		<-watched
		return closeHTTP(s)
	}, nil
}

func (b BusServer) pages() *busPages {
	set := metrics.NewSet()
	return &busPages{BusServer: b, metrics: set, state: newBusState(nil, set)}
}

func (p *busPages) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", p.health)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		p.metrics.WritePrometheus(w)
		p.Server.WriteMetrics(w)
		metrics.WriteProcessMetrics(w)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "Onbu: a server of the bus\n\n/metrics /healthz\n")
	})
	return mux
}

// watch asks the bus how it is until ctx ends.
func (p *busPages) watch(ctx context.Context) {
	p.state.note(bus.Standing{}, time.Now()) // what lasts begins here
	c, err := p.Connect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.Log.Error("nobody can say how the cluster of the bus is", "error", err)
		}
		return
	}
	defer c.Close()
	defer p.chronicle(ctx, c)()
	if b, ok := c.(standing); ok {
		p.state.watch(ctx, b)
	}
}

// chronicle lets the server tell the cluster log of itself, and of daemons that it turns away, until wait is called after ctx has ended.
func (p *busPages) chronicle(ctx context.Context, c bus.Conn) (wait func()) {
	teller, ok := c.(teller)
	if !ok {
		return func() {}
	}
	w := chronicle.NewWriter(chronicle.Options{Bus: c, Node: p.Name, Boot: newBoot(), Log: p.Log})
	teller.Chronicle(w.For("bus"))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx)
	}()
	return func() { <-ended }
}

// health answers 200 while the server has its store, and enough servers of its cluster reach each other, else 503 and what is wrong.
func (p *busPages) health(w http.ResponseWriter, _ *http.Request) {
	parts, well := map[string]string{"store": "ok", "bus": "ok"}, true
	if err := p.Server.Healthy(); err != nil {
		parts["store"], well = err.Error(), false
	}
	switch note, err := p.state.health(time.Now()); {
	case err != nil:
		parts["bus"], well = err.Error(), false
	case note != "":
		parts["bus"] += "; " + note
	}
	well = keysWell(p.Keys, parts) && well
	writeHealth(w, well, parts, nil)
}
