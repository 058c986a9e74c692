package target

import (
	"context"
	"net"
	"sync"
)

// hold is the kind that never says a word. In trouble, of whatever share, it refuses connections to all hosts: a port cannot be
// closed for some.
func hold() Kind {
	h := &holder{changed: make(chan struct{}, 1)}
	return Kind{Name: "tcp", About: "takes connections and never says a word", Serve: h.serve, Trouble: h.trouble}
}

// holder listens while it is not in trouble.
type holder struct {
	changed chan struct{} // holds a token when refuses may have changed

	mu      sync.Mutex // guards everything that follows
	refuses bool
}

func (h *holder) trouble(share float64, _ uint32) {
	h.mu.Lock()
	h.refuses = share > 0
	h.mu.Unlock()
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

func (h *holder) refusing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refuses
}

// serve keeps connections until ctx ends. It listens anew at the same port after it refused.
func (h *holder) serve(ctx context.Context, ready func(port int)) error {
	port := 0
	for ctx.Err() == nil {
		if !h.refusing() {
			if err := h.listen(ctx, &port, ready); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-h.changed:
		}
	}
	return nil
}

// listen listens until ctx ends or connections are to be refused.
func (h *holder) listen(ctx context.Context, port *int, ready func(port int)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for !h.refusing() {
			select {
			case <-ctx.Done():
				return
			case <-h.changed:
			}
		}
		cancel()
	}()
	return listenAt(ctx, *port, func(p int) {
		if *port == 0 {
			*port = p
			ready(p)
		}
	}, keep)
}

// keep keeps a connection until the other side closes it.
func keep(c net.Conn) {
	defer c.Close()
	var buf [512]byte
	for {
		if _, err := c.Read(buf[:]); err != nil {
			return
		}
	}
}
