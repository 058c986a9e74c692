package natsbus_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

// payloads makes letters of two sources for each of n hosts, 1 KiB each, as compressed agent output has.
func payloads(n int) []bus.Letter {
	data := bytes.Repeat([]byte("onbu"), 256)
	var out []bus.Letter
	for i := range n {
		for _, source := range []string{"esx1", "esx2"} {
			out = append(out, bus.Letter{Subject: bus.PayloadFor(fmt.Sprint("vm", i), source), Data: data, TTL: time.Hour})
		}
	}
	return out
}

func post(b *testing.B, c *natsbus.Conn, letters []bus.Letter) {
	b.Helper()
	if _, err := c.Post(b.Context(), letters); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkPostTenThousand(b *testing.B) {
	for _, while := range []bool{false, true} {
		b.Run(fmt.Sprintf("while=%t", while), func(b *testing.B) {
			_, c := prepared(b)
			letters := payloads(5000)
			if while {
				source := bus.SourceOf("esx1", "")
				place, err := c.Post(b.Context(), []bus.Letter{{Subject: source}})
				if err != nil {
					b.Fatal(err)
				}
				for i := range letters {
					letters[i].While, letters[i].Place = source, place
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				post(b, c, letters)
			}
		})
	}
}

func BenchmarkNewest(b *testing.B) {
	_, c := prepared(b)
	post(b, c, payloads(10_000))
	for name, filter := range map[string]bus.Subject{
		"one": bus.PayloadFor("vm77", "esx1"), "host": bus.PayloadsFor("vm77"), "nothing": bus.PayloadsFor("web1"), "all": bus.AllPayloads(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				err := c.Newest(b.Context(), bus.PB, filter, func(batch []bus.Msg) error { n += len(batch); return nil })
				if err != nil || n > 20_000 {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkSubjects(b *testing.B) {
	_, c := prepared(b)
	post(b, c, payloads(10_000))
	b.ReportAllocs()
	for b.Loop() {
		if all, err := c.Subjects(b.Context(), bus.PB, bus.AllPayloads()); err != nil || len(all) != 20_000 {
			b.Fatal(len(all), err)
		}
	}
}
