package snmp_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/check/snmp"
	"github.com/onbu/onbu/monitor"
)

// nextSecond waits until the wall clock shows another second, and a little more, so that what follows lies in one.
func nextSecond() {
	now := time.Now()
	<-time.After(now.Truncate(time.Second).Add(time.Second + 10*time.Millisecond).Sub(now))
}

func TestRateComesOutAsFromThePlugin(t *testing.T) {
	a := startAgent(t, serveSamples)
	m, dir := snmp.New(snmp.Options{}), t.TempDir()
	nextSecond()
	for _, round := range []string{"first", "at once", "a second later"} {
		if round == "a second later" {
			nextSecond()
		}
		for _, line := range []string{
			"--rate -o 1.3.6.1.4.1.9.3", "--rate -o 1.3.6.1.4.1.9.1,1.3.6.1.4.1.9.6 -P 2c -l a,b -w 5,@0:1",
			"--rate --rate-multiplier=60 -o 1.3.6.1.4.1.9.5 -u ticks", "--rate -o 1.3.6.1.4.1.9.15",
		} {
			args := append([]string{"-H", "127.0.0.1", "-p", a.port, "-t", "1", "-e", "1"}, words(line)...)
			if diff := cmp.Diff(real(t, dir, args), ours(t, m, args)); diff != "" {
				t.Errorf("%s, %s: the plugin (-), we (+):\n%s", line, round, diff)
			}
		}
	}
}

func TestRateIsTheDifferencePerSecond(t *testing.T) {
	var value atomic.Uint32
	a := startAgent(t, func(q query) [][]byte {
		v := value.Load()
		return [][]byte{q.values(tlv(0x41, []byte{0, byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}))}
	})
	m := snmp.New(snmp.Options{})
	args := []string{"-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1.2.1.2.2.1.10.1", "--rate", "--rate-multiplier", "10", "-w", "5"}
	value.Store(1<<32 - 100)
	nextSecond()
	ours(t, m, args)
	value.Store(50) // the counter has passed its end
	nextSecond()
	got := ours(t, m, args)
	want := monitor.Outcome{
		State: monitor.Warning, Output: "SNMP RATE WARNING - *1500*", Perfdata: "iso.3.6.1.2.1.2.2.1.10.1=1500;5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestForgottenRatesStartAgain(t *testing.T) {
	a := startAgent(t, serveSamples)
	m := snmp.New(snmp.Options{Rates: 2})
	run := func(multiplier string) string {
		return ours(t, m, []string{
			"-H", "127.0.0.1", "-p", a.port, "-o", "1.3.6.1.4.1.9.3", "--rate", "--rate-multiplier", multiplier,
		}).Output
	}
	const first = "No previous data to calculate rate - assume okay"
	for _, multiplier := range []string{"1", "2", "3", "1"} {
		if got := run(multiplier); got != first {
			t.Errorf("--rate-multiplier %s: got %q, want %q", multiplier, got, first)
		}
	}
	if got := run("1"); got == first {
		t.Errorf("the line just run is forgotten")
	}
}
