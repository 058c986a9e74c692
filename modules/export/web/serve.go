package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules/export/web/sign"
)

// mostConnections bounds the own port; a browser has up to six, one of which stays while the page is open.
const mostConnections = 4096

// Serve implements modules.Serving. Without a port of its own it only looks after what is kept: the pages are on the broker's.
func (m *Module) Serve(ctx context.Context) error {
	m.outlook.Catalog() // from now on the broker keeps one
	m.hub.Open()
	context.AfterFunc(ctx, m.hub.Close) // not when it only cannot have its port
	ctx, end := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer end()
	wg.Go(func() { m.prune(ctx) })
	wg.Go(func() { m.sample(ctx) })
	if m.enabled {
		wg.Go(func() { m.gate.Watch(ctx) })
	}
	wg.Go(func() { m.gate.Share(ctx, sign.Common(m.outlook.Common)) })
	if !m.tcp || !m.enabled {
		<-ctx.Done()
		return nil
	}
	return m.listen(ctx)
}

// address is where people find the pages on the module's own port.
func (m *Module) address(l net.Listener) string {
	if m.cert != "" {
		return "https://" + l.Addr().String() + "/ui/"
	}
	return "http://" + l.Addr().String() + "/ui/"
}

// listen serves the pages on the module's own port until ctx ends.
func (m *Module) listen(ctx context.Context) error {
	l, err := net.Listen(m.port.Network, m.port.Address)
	if err != nil {
		return err
	}
	l = netutil.LimitListener(l, min(m.port.Most, mostConnections))
	s := &http.Server{
		Handler: m.owned(m.pages, m.log), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
	}
	if m.cert != "" {
		if s.TLSConfig, err = serve.TLS(m.cert, m.key, m.log); err != nil {
			l.Close()
			return err
		}
	}
	m.log.Info("listening", "pages", m.address(l))
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if s.TLSConfig != nil {
		err = s.ServeTLS(l, "", "")
	} else {
		err = s.Serve(l)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}
