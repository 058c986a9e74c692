package collectd_test

import (
	"encoding/binary"
	"math"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/collectd"
	"github.com/onbu/onbu/monitor"
)

func part(kind uint16, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(body)))
	return append(b, body...)
}

func text(kind uint16, s string) []byte { return part(kind, append([]byte(s), 0)) }

func number(kind uint16, n uint64) []byte { return part(kind, binary.BigEndian.AppendUint64(nil, n)) }

// load is the datagram of a host's load.
func load(host string, at time.Time, value float64) []byte {
	b := text(0, host)
	b = append(b, number(8, uint64(at.Unix())<<30|uint64(at.Nanosecond())<<30/1e9)...)
	b = append(b, number(9, 1<<30)...)
	b = append(b, text(2, "load")...)
	b = append(b, text(4, "load")...)
	return append(b, part(6, binary.LittleEndian.AppendUint64([]byte{0, 1, 1}, math.Float64bits(value)))...)
}

// Datagrams come in by UDP, and broken ones are counted.
func TestDatagramsBecomeResults(t *testing.T) {
	var sink sinktest.Sink
	port, env := strconv.Itoa(realpeer.UDPPort(t)), sinktest.Env()
	s := modules.Read(sinktest.Define("c", "collectd", "port "+port))
	l := collectd.New(s, env)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	sinktest.Listen(t, l, &sink, "")
	c, err := net.Dial("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var got []monitor.Submission
	for giveUp := time.After(20 * time.Second); len(got) < 2; got = append(got, sink.Results()...) {
		_, _ = c.Write([]byte("nonsense")) // fails as long as nobody listens
		_, _ = c.Write(load("web1", time.Now(), 1.5))
		select {
		case <-time.After(20 * time.Millisecond):
		case <-giveUp:
			t.Fatal("too little was submitted")
		}
	}
	for _, r := range got {
		if r.Ref.String() != "web1/load" || r.Perfdata != "load=1.5" || !r.Keep || r.Source != "collectd 127.0.0.1" {
			t.Errorf("%+v", r)
		}
	}
	if n := sinktest.Metric(env, `onbu_collectd_refused_total{module="c",reason="broken"}`); n == "" || n == "0" {
		t.Errorf("%q broken datagrams were counted", n)
	}
}
