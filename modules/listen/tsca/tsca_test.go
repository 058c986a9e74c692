package tsca_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/tsca"
	"github.com/onbu/onbu/monitor"
)

// Encodings made by Apache Thrift 0.17's generated code: a call with the state web1, disk, DISK OK, OK, of 1700000000, and the
// answer with returnVal true.
const (
	call     = "800100010000000b7375626d69745f6c697374000000000c00010f00010c000000010a0001000000006553f1000b000200000004776562310b0003000000046469736b0b0004000000074449534b204f4b08000500000000000000"
	callHead = "800100010000000b7375626d69745f6c697374"
	answer   = "800100020000000b7375626d69745f6c697374000000000c0000020001010000"
)

type bench struct {
	t    *testing.T
	addr string
	sink sinktest.Sink
	env  modules.Env
}

func listening(t *testing.T, settings ...string) *bench {
	t.Helper()
	b := &bench{t: t, env: sinktest.Env()}
	port := sinktest.Port(t)
	s := modules.Read(sinktest.Define("t", "tsca", append([]string{"port " + port}, settings...)...))
	l := tsca.New(s, b.env)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	b.addr = "127.0.0.1:" + port
	sinktest.Listen(t, l, &b.sink, b.addr)
	return b
}

// say sends bytes written in hex over a connection of their own and gives what is answered until so many bytes are there, or the
// end.
func (b *bench) say(text string, want int) string {
	b.t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.Close()
	data, err := hex.DecodeString(text)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = c.Write(data) // a server that has enough closes meanwhile; what it answered shows below
	_ = c.(*net.TCPConn).CloseWrite()
	got := make([]byte, want)
	n, err := io.ReadFull(c, got)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !strings.Contains(err.Error(), "reset") {
		b.t.Fatal(err)
	}
	return hex.EncodeToString(got[:n])
}

func (b *bench) refused(reason string) string {
	return sinktest.Metric(b.env, fmt.Sprintf(`onbu_tsca_refused_total{module="t",reason=%q}`, reason))
}

// at gives a call with another timestamp.
func at(call string, when time.Time) string {
	return strings.Replace(call, "000000006553f100", hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(when.Unix()))), 1)
}

func disk(state monitor.State) monitor.Submission {
	return monitor.Submission{Ref: monitor.Ref{Host: "web1", Service: "disk"}, Source: "tsca 127.0.0.1", Outcome: monitor.Outcome{State: state, Output: "DISK OK"}}
}

func TestAnswersWhatThriftsCodeSends(t *testing.T) {
	b := listening(t, "max_packet_age 0")
	if got := b.say(call, len(answer)/2); got != answer {
		t.Errorf("got %s, want %s", got, answer)
	}
	want := disk(monitor.OK)
	want.Time = 1700000000e9
	if diff := cmp.Diff([]monitor.Submission{want}, b.sink.Results()); diff != "" {
		t.Error(diff)
	}
}

func TestManyCallsOnOneConnectionKeepTheirNumbers(t *testing.T) {
	b := listening(t, "max_packet_age 0")
	second := callHead + "00000007" + strings.TrimPrefix(call, callHead+"00000000")
	old := "0000000b7375626d69745f6c697374" + "01" + "00000009" + strings.TrimPrefix(call, callHead+"00000000") // without a version
	reply := func(seq string) string { return strings.Replace(answer, "6c697374"+"00000000", "6c697374"+seq, 1) }
	if got, want := b.say(call+second+old, 3*len(answer)/2), answer+reply("00000007")+reply("00000009"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if n := len(b.sink.Results()); n != 3 {
		t.Errorf("%d results, want 3", n)
	}
}

func TestFieldsMayBeMissingOrMore(t *testing.T) {
	b := listening(t)
	head := callHead + "00000000" + "0c0001" + "0f0001" + "0c00000003"
	host := "0b0002" + "0000000177" + "00"                                                                                                  // w, and nothing else
	more := "0f0063" + "0c00000001" + "0b0001000000017800" + "0b0002" + "0000000177" + "0b0003" + "00000000" + "080005" + "00000007" + "00" // a list of structs, an empty serv, an odd code
	nobody := "080005" + "00000001" + "00"
	if got := b.say(head+host+more+nobody+"00"+"00", len(answer)/2); got != answer {
		t.Errorf("got %s, want %s", got, answer)
	}
	got := b.sink.Results()
	if len(got) != 2 || got[0].Ref != (monitor.Ref{Host: "w"}) || got[0].State != monitor.Up || got[0].Time != 0 || got[1].State != monitor.Down {
		t.Errorf("got %+v", got)
	}
	if n := b.refused("partial"); n != "1" {
		t.Errorf("%s without a host were counted, want 1", n)
	}
}

func TestDropsWhatIsOldOrOfTheFuture(t *testing.T) {
	b := listening(t)
	now := time.Now()
	for _, off := range []time.Duration{-time.Minute, time.Minute, -10 * time.Second, 10 * time.Second} {
		if got := b.say(at(call, now.Add(off)), len(answer)/2); got != answer {
			t.Errorf("got %s", got)
		}
	}
	got := b.sink.Results()
	if len(got) != 2 || got[1].Time.Std().After(time.Now()) || b.refused("old") != "1" || b.refused("future") != "1" {
		t.Errorf("got %+v, %s old, %s of the future", got, b.refused("old"), b.refused("future"))
	}
}

func TestTellsWhatItCannotDo(t *testing.T) {
	b := listening(t)
	got := b.say("8001000100000001"+"78"+"00000005"+"00", 46)
	if want := "8001000300000001" + "78" + "00000005" + "0b0001" + "00000012" + hex.EncodeToString([]byte("Unknown function x")) + "080002" + "00000001" + "00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.sink.Answer = func(context.Context, []monitor.Submission) (modules.Receipt, error) {
		return modules.Receipt{}, errors.New("full")
	}
	if got := b.say(at(call, time.Now()), 1000); !strings.HasPrefix(got, "80010003") || b.refused("unstored") != "1" {
		t.Errorf("got %s", got)
	}
}

func TestACallOverTheQuotaIsNotTrue(t *testing.T) {
	b := listening(t, "max_packet_age 0")
	b.sink.Answer = func(_ context.Context, results []monitor.Submission) (modules.Receipt, error) {
		return modules.Receipt{Stored: len(results) - 1, Over: 1}, nil
	}
	got := b.say(call+call, 1000) // the connection lives on
	text, err := hex.DecodeString(got)
	if err != nil {
		t.Fatal(err)
	}
	const why = "1 of 1 states came faster than the quota allows and are not stored: send more slowly"
	if n := strings.Count(string(text), why); n != 2 || !strings.HasPrefix(got, "80010003") {
		t.Errorf("got %q, want two exceptions that say why", text)
	}
	if n := b.refused("over"); n != "2" {
		t.Errorf("%s calls over the quota were counted, want 2", n)
	}
}

func TestHostileMessagesCostLittle(t *testing.T) {
	b := listening(t, "max_message 10K", "max_results 10")
	head := callHead + "00000000"
	for _, hostile := range []string{
		"ffffffff", "80010001ffffffff", "7fffffff", "800100017fffffff", "80010001" + "00000200" + strings.Repeat("61", 0x200),
		head + "0c0001" + "0f0001" + "0c7fffffff", head + "0c0001" + "0f0001" + "0cffffffff", head + "0c0001" + "0f0001" + "080000000100000001",
		head + "0c0001" + "0f0001" + "0c0000000b" + strings.Repeat("00", 11),
		head + strings.Repeat("0c0001", 5000), head + "0c0002" + strings.Repeat("0f00010f00000001", 100),
		head + "0b0002" + "00010000" + strings.Repeat("61", 1<<16),
		head + "0c0001" + "0f0001" + "0c00000001" + "0b0002" + "7fffffff",
		head + "0d0001" + "0c0c7fffffff",
	} {
		if got := b.say(hostile, 1000); got != "" {
			t.Errorf("%.60s: answered with %s", hostile, got)
		}
	}
	if got := b.say(at(call, time.Now()), len(answer)/2); got != answer {
		t.Errorf("afterwards a good call is answered with %s", got)
	}
	if n := len(b.sink.Results()); n != 1 {
		t.Errorf("%d results, want the good one", n)
	}
}
