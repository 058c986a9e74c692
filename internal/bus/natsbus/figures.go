package natsbus

import (
	"fmt"
	"io"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

// WriteMetrics writes the figures of the server within this process, in the format of Prometheus: nothing for one elsewhere.
func (c *Conn) WriteMetrics(w io.Writer) {
	if c.server != nil {
		c.server.WriteMetrics(w)
	}
}

// WriteMetrics writes the server's figures in the format of Prometheus. Nothing is written while it begins anew.
func (s *Server) WriteMetrics(w io.Writer) {
	n := s.current()
	if n == nil {
		return
	}
	fmt.Fprintf(w, "onbu_bus_connections %d\n", n.NumClients())
	fmt.Fprintf(w, "onbu_bus_slow_consumers_total %d\n", n.NumSlowConsumers())
	js, err := n.Jsz(&server.JSzOptions{Accounts: true, Streams: true})
	if err != nil || js.Disabled {
		return // its store is closed: Healthy says why
	}
	fmt.Fprintf(w, "onbu_bus_store_bytes %d\nonbu_bus_store_max_bytes %d\n", js.Store, js.Config.MaxStore)
	fmt.Fprintf(w, "onbu_bus_memory_bytes %d\nonbu_bus_memory_max_bytes %d\n", js.Memory, js.Config.MaxMemory)
	for _, account := range js.AccountDetails {
		for i := range account.Streams {
			stream := &account.Streams[i]
			label := strconv.Quote(stream.Name)
			fmt.Fprintf(w, "onbu_bus_stream_bytes{stream=%s} %d\n", label, stream.State.Bytes)
			fmt.Fprintf(w, "onbu_bus_stream_messages{stream=%s} %d\n", label, stream.State.Msgs)
		}
	}
}
