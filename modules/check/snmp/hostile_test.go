package snmp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/check/snmp"
	"github.com/onbu/onbu/monitor"
)

func TestHostileAgentsAreNoAnswer(t *testing.T) {
	good := tlv(2, []byte{1})
	manyArcs := bytes.Repeat([]byte{1}, 10000)
	for name, answer := range map[string]func(q query) [][]byte{
		"wrong id": func(q query) [][]byte {
			q.id = []byte{1, 2, 3}
			return [][]byte{q.values(good)}
		},
		"request sent back": func(q query) [][]byte {
			b := q.values(good)
			b[bytes.IndexByte(b, 0xa2)] = 0xa0
			return [][]byte{b}
		},
		"report in version 1": func(q query) [][]byte {
			b := q.values(good)
			b[bytes.IndexByte(b, 0xa2)] = 0xa8
			return [][]byte{b}
		},
		"other version": func(q query) [][]byte { q.version = 1; return [][]byte{q.values(good)} },
		"nothing":       func(query) [][]byte { return [][]byte{{}} },
		"text":          func(query) [][]byte { return [][]byte{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n")} },
		"cut short":     func(q query) [][]byte { b := q.values(good); return [][]byte{b[:len(b)-3]} },
		"length of 4 GiB": func(query) [][]byte {
			return [][]byte{{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 0}}
		},
		"endless lengths":  func(query) [][]byte { return [][]byte{bytes.Repeat([]byte{0x30, 0x80}, 30000)} },
		"oid of 10000":     func(q query) [][]byte { return [][]byte{q.values(tlv(6, manyArcs))} },
		"number of 9":      func(q query) [][]byte { return [][]byte{q.values(tlv(2, make([]byte, 9)))} },
		"unknown type":     func(q query) [][]byte { return [][]byte{q.values(tlv(0x49, []byte{1}))} },
		"address of 3":     func(q query) [][]byte { return [][]byte{q.values(tlv(0x40, []byte{1, 2, 3}))} },
		"version 3 at all": func(q query) [][]byte { q.version = 3; return [][]byte{q.values(good)} },
		"2000 bindings": func(q query) [][]byte {
			one := tlv(0x30, tlv(6, []byte{0x2b, 6}), good)
			return [][]byte{q.reply(0, 0, bytes.Repeat(one, 2000))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAgent(t, answer)
			got := ours(t, snmp.New(snmp.Options{}), []string{
				"-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1.2.1.1.3.0", "-t", "1", "-e", "0",
			})
			want := "External command error: Timeout: No Response from 127.0.0.1:" + a.port + "."
			if got.State != monitor.Unknown || got.Output != want {
				t.Errorf("got %v %q, want UNKNOWN %q", got.State, got.Output, want)
			}
		})
	}
}

func TestAnswerIsFoundAmongRubbish(t *testing.T) {
	a := startAgent(t, func(q query) [][]byte {
		forged := q
		forged.id = []byte{1}
		return [][]byte{{}, []byte("rubbish"), forged.values(tlv(2, []byte{66})), q.values(tlv(2, []byte{7}))}
	})
	got := ours(t, snmp.New(snmp.Options{}), []string{"-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1.2.1.1.7.0"})
	if want := "SNMP OK - 7"; got.Output != want {
		t.Errorf("got %q, want %q", got.Output, want)
	}
}

func TestAnswersFromOtherAddressesDoNotCount(t *testing.T) {
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	agent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := agent.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = other.WriteToUDPAddrPort(parseQuery(buf[:n]).values(tlv(2, []byte{1})), from)
		}
	}()
	_, port, _ := net.SplitHostPort(agent.LocalAddr().String())
	got := ours(t, snmp.New(snmp.Options{}), []string{
		"-H", "127.0.0.1", "-p", port, "-o", "1.3.6.1.2.1.1.7.0", "-t", "1", "-e", "0",
	})
	if !strings.Contains(got.Output, "Timeout: No Response") {
		t.Errorf("got %q, want no response", got.Output)
	}
}

func TestFloodIsBounded(t *testing.T) {
	a := startAgent(t, func(q query) [][]byte {
		q.id = []byte{1}
		flood := make([][]byte, 5000)
		for i := range flood {
			flood[i] = q.values(tlv(2, []byte{1}))
		}
		return flood
	})
	got := ours(t, snmp.New(snmp.Options{}), []string{
		"-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1.2.1.1.7.0", "-t", "1", "-e", "0",
	})
	if !strings.Contains(got.Output, "Timeout: No Response") {
		t.Errorf("got %q, want no response", got.Output)
	}
}

func TestLongStringsAreCut(t *testing.T) {
	a := startAgent(t, func(q query) [][]byte {
		return [][]byte{q.values(tlv(4, bytes.Repeat([]byte("a|b\"\\"), 12800)))}
	})
	got := ours(t, snmp.New(snmp.Options{}), []string{"-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1.2.1.1.1.0"})
	if len(got.Output) > 64<<10 || got.Perfdata != "" || strings.Contains(got.Output, "|") {
		t.Errorf("output of %d bytes, perfdata %q: want at most 64 KiB, no bar and no perfdata", len(got.Output), got.Perfdata)
	}
}

func TestNextTakesObjectsThatDoNotIncrease(t *testing.T) {
	var asked atomic.Int32
	a := startAgent(t, func(q query) [][]byte { // gives back the very object that it was asked the next of
		asked.Add(1)
		return [][]byte{q.values(tlv(2, []byte{1}))}
	})
	got := ours(t, snmp.New(snmp.Options{}), []string{"-H", "127.0.0.1", "-p", a.port, "-n", "-o", "1.3.6.1"})
	if want := "iso.3.6.1=1"; got.Perfdata != want || asked.Load() != 1 {
		t.Errorf("got %q after %d questions, want %q after 1", got.Perfdata, asked.Load(), want)
	}
}

func TestErrorsWithoutEndEnd(t *testing.T) {
	var asked atomic.Int32
	a := startAgent(t, func(q query) [][]byte { // always blames the first of ever more objects
		asked.Add(1)
		one := tlv(0x30, tlv(6, []byte{0x2b, 6}), tlv(5))
		return [][]byte{q.reply(2, 1, bytes.Repeat(one, 500))}
	})
	ours(t, snmp.New(snmp.Options{}), []string{"-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1,1.3.6.2,1.3.6.3"})
	if asked.Load() > 3 {
		t.Errorf("asked %d times for 3 objects", asked.Load())
	}
}

func TestEngineEndsTheCheck(t *testing.T) {
	a := startAgent(t, func(query) [][]byte { return nil })
	p, err := snmp.New(snmp.Options{}).Parse([]string{"check_snmp", "-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	o, err := p.Run(ctx)
	if err != nil || !o.TimedOut || o.State != monitor.Critical {
		t.Errorf("at the deadline: got %+v, %v, want CRITICAL and timed out", o, err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	if o, err := p.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %+v, %v, want the context's error", o, err)
	}
}

func TestThousandChecksAtOnceGetTheirOwnAnswers(t *testing.T) {
	a := startAgent(t, func(q query) [][]byte { // the value is the object's last number
		var values [][]byte
		for _, name := range q.names {
			values = append(values, tlv(2, []byte{name[len(name)-1]}))
		}
		return [][]byte{q.values(values...)}
	})
	m := snmp.New(snmp.Options{})
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			n := itoa(i % 100)
			got := ours(t, m, []string{"-H", "127.0.0.1", "-p", a.port, "-t", "1", "-e", "20", "-o", "1.3.6.1." + n})
			if want := "iso.3.6.1." + n + "=" + n; got.Perfdata != want {
				t.Errorf("got %q, want %q", got.Perfdata, want)
			}
		})
	}
	wg.Wait()
}

func TestIPv6IsAskedForByPrefix(t *testing.T) {
	conn, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		realpeer.Skip(t, fmt.Sprintf("no IPv6 here: %v", err))
	}
	defer conn.Close()
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(parseQuery(buf[:n]).values(tlv(2, []byte{6})), from)
		}
	}()
	_, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	got := ours(t, snmp.New(snmp.Options{}), []string{"-H", "udp6:[::1]", "-p", port, "-o", "1.3.6.1"})
	if want := "iso.3.6.1=6"; got.Perfdata != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}
