package natsbus_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

// listening starts a server at an address; "127.0.0.1:0" for any.
func listening(t *testing.T, dir, address string) *natsbus.Server {
	t.Helper()
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir, Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dialled(t *testing.T, url string) *natsbus.Conn {
	t.Helper()
	c, err := natsbus.Connect(t.Context(), url, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// streamsAt looks at the streams of a server past our own connection, until the test ends.
func streamsAt(t testing.TB, url string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func TestEverythingGoesOnAfterTheServerRestarted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	dir := t.TempDir()
	s := listening(t, dir, "127.0.0.1:0")
	address := strings.TrimPrefix(s.URL(), "nats://")
	c := dialled(t, s.URL())
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	fence, err := c.Claim(ctx, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(ctx, bus.LEASE, "old", nil, 0); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	entries, events, results := make(chan bus.Entry, 10), make(chan bus.Msg, 1000), make(chan bus.Msg, 1000)
	wg.Go(func() { c.Watch(ctx, bus.LEASE, "", func(e bus.Entry) { entries <- e }) })
	for out, cur := range map[chan bus.Msg]bus.Cursor{
		events: {Stream: bus.EV, Filter: bus.AllEvents(), Durable: "d"}, results: {Stream: bus.RES},
	} {
		wg.Go(func() {
			c.Read(ctx, cur, func(batch []bus.Msg) error {
				for _, m := range batch {
					out <- m
				}
				return nil
			})
		})
	}
	if e := <-entries; e.Key != "old" {
		t.Errorf("got %s", e.Key)
	}
	for _, text := range []string{"1", "2"} {
		if err := c.Append(ctx, bus.Results(1, "p"), []byte(text), ""); err != nil {
			t.Fatal(err)
		}
		<-results
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	committed := make(chan error, 1)
	wg.Go(func() { _, err := c.Commit(ctx, fence, "1", records(1, 3)); committed <- err })
	listening(t, dir, address)
	if err := <-committed; err != nil {
		t.Errorf("committing while the server restarts: %v", err)
	}
	for range 3 {
		<-events
	}
	if err := c.Append(ctx, bus.Results(1, "p"), []byte("3"), ""); err != nil {
		t.Fatal(err)
	}
	select { // the stream in memory began anew, behind the reader's position
	case m := <-results:
		if string(m.Data) != "3" {
			t.Errorf("got %q", m.Data)
		}
	case <-ctx.Done():
		t.Error("the reader of the stream in memory gets nothing any more")
	}
	if e := <-entries; e.Key != "old" || e.Revision != 0 {
		t.Errorf("got %+v, want old removed: its bucket was in memory", e)
	}
	if _, err := c.Put(ctx, bus.LEASE, "new", nil, 0); err != nil {
		t.Fatal(err)
	}
	if e := <-entries; e.Key != "new" {
		t.Errorf("got %s", e.Key)
	}
}

// The connection may be lost and there again while a reader is at work with what it has: it does not hear of that meanwhile, and must
// not go on with a consumer of which the server may know less than before.
func TestAReaderAtWorkWhileTheServerRestartsBeginsAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	dir := t.TempDir()
	s := listening(t, dir, "127.0.0.1:0")
	c := dialled(t, s.URL())
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	send := func(text string) {
		if err := c.Append(ctx, bus.Passive(1, "r"), []byte(text), ""); err != nil {
			t.Fatal(err)
		}
	}
	send("1")
	read, goOn := make(chan string, 10), make(chan struct{})
	go c.Read(ctx, bus.Cursor{Stream: bus.PASSIVE, Filter: bus.PassiveOf(1), Durable: "d", Alone: true}, func(batch []bus.Msg) error {
		for _, m := range batch {
			read <- string(m.Data)
		}
		<-goOn
		return nil
	})
	<-read
	consumers := func() []string {
		stream, err := streamsAt(t, s.URL()).Stream(ctx, string(bus.PASSIVE))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for name := range stream.ConsumerNames(ctx).Name() {
			names = append(names, name)
		}
		return names
	}
	before := consumers()
	s.Close()
	s = listening(t, dir, strings.TrimPrefix(s.URL(), "nats://"))
	send("2")
	close(goOn)
	for text := ""; text != "2"; {
		select {
		case text = <-read:
		case <-ctx.Done():
			t.Fatal("nothing more came")
		}
	}
	if now := consumers(); len(before) != 1 || len(now) != 1 || before[0] == now[0] {
		t.Errorf("it read with %v before, and with %v now", before, now)
	}
}

// oneWay is a TCP proxy that can swallow the server's answers.
type oneWay struct {
	l       net.Listener
	to      string
	swallow atomic.Bool
}

func proxy(t *testing.T, to string) *oneWay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &oneWay{l: l, to: to}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *oneWay) serve(c net.Conn) {
	s, err := net.Dial("tcp", p.to)
	if err != nil {
		c.Close()
		return
	}
	go func() {
		io.Copy(s, c)
		s.Close()
	}()
	defer c.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Read(buf)
		if err != nil {
			return
		}
		if !p.swallow.Load() {
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

func TestABatchWhoseAnswerWasLostIsStoredOnce(t *testing.T) {
	t.Parallel()
	s := listening(t, t.TempDir(), "127.0.0.1:0")
	p := proxy(t, strings.TrimPrefix(s.URL(), "nats://"))
	direct, far := dialled(t, s.URL()), dialled(t, "nats://"+p.l.Addr().String())
	ctx := t.Context()
	if err := direct.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	fence, err := far.Claim(ctx, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 7} {
		batch := fmt.Sprint(n)
		p.swallow.Store(true)
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		_, err := far.Commit(short, fence, batch, records(1, n))
		cancel()
		if err == nil {
			t.Fatal("the answer was not lost")
		}
		p.swallow.Store(false)
		last, err := far.Commit(ctx, fence, batch, records(1, n))
		if err != nil {
			t.Fatal(err)
		}
		stored := 0
		newest, err := direct.Replay(ctx, 1, fence.Seq, func(batch []bus.Msg) error { stored += len(batch); return nil })
		if want := map[int]int{1: 1, 7: 8}[n]; err != nil || stored != want || newest != last {
			t.Errorf("%d records are stored up to %d, %v, want %d up to %d", stored, newest, err, want, last)
		}
	}
}

func TestABlobOf100MB(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		return // it takes seconds
	}
	c := connect(t, startServer(t, t.TempDir()), "test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("0123456789"), 10<<20)
	for _, blob := range [][]byte{[]byte("small"), data} {
		if err := c.PutBlob(t.Context(), bus.CFG, "inventory", blob); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.Blob(t.Context(), bus.CFG, "inventory")
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestLettersArePostedAndReadWhileTheServerRestarts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	dir := t.TempDir()
	s := listening(t, dir, "127.0.0.1:0")
	address := strings.TrimPrefix(s.URL(), "nats://")
	c := dialled(t, s.URL())
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	count := func() (n int, err error) {
		err = c.Newest(ctx, bus.PB, bus.AllPayloads(), func(batch []bus.Msg) error { n += len(batch); return nil })
		return n, err
	}
	letters := func(round int) (all []bus.Letter) {
		for i := range 3000 {
			all = append(all, bus.Letter{Subject: bus.PayloadFor(fmt.Sprint(i), "s"), Data: fmt.Append(nil, round)})
		}
		return all
	}
	if _, err := c.Post(ctx, letters(0)); err != nil {
		t.Fatal(err)
	}
	if n, err := count(); err != nil || n != 3000 {
		t.Fatal(n, err)
	}
	posted, read := make(chan error, 1), make(chan error, 1)
	go func() { _, err := c.Post(ctx, letters(1)); posted <- err }()
	go func() { _, err := count(); read <- err }()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	listening(t, dir, address)
	if err := <-posted; err != nil {
		t.Errorf("posting: %v", err)
	}
	if err := <-read; err != nil {
		t.Errorf("reading: %v", err)
	}
	if _, err := c.Post(ctx, letters(2)); err != nil {
		t.Fatal(err)
	}
	if n, err := count(); err != nil || n != 3000 {
		t.Error(n, err)
	}
}
