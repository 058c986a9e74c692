package icmp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

// Losses and duplicates that loopback does not have: check_ping 2.3.3's rules for what ping(8) would print.
func TestCheckPingJudges(t *testing.T) {
	tests := []struct {
		name  string
		state func(f *flight)
		want  monitor.Outcome
	}{
		{"one of six lost", func(f *flight) { f.packets, f.received = make([]packet, 6), 5 }, monitor.Outcome{
			Output: "PING OK - Packet loss = 16%, RTA = 2.00 ms", Perfdata: "rta=2.000000ms;100.000000;500.000000;0.000000 pl=16%;20;60;0;",
		}},
		{"one of five lost", func(f *flight) { f.packets, f.received = make([]packet, 5), 4 }, monitor.Outcome{
			State:  monitor.Warning,
			Output: "PING WARNING - Packet loss = 20%, RTA = 2.50 ms", Perfdata: "rta=2.500000ms;100.000000;500.000000;0.000000 pl=20%;20;60;0;",
		}},
		{"duplicates", func(f *flight) { f.packets, f.received, f.duplicates = make([]packet, 5), 5, 1 }, monitor.Outcome{
			State:  monitor.Warning,
			Output: "PING WARNING - DUPLICATES FOUND! Packet loss = 0%, RTA = 2.00 ms", Perfdata: "rta=2.000000ms;100.000000;500.000000;0.000000 pl=0%;20;60;0;",
		}},
		{"hop limit", func(f *flight) { f.reports, f.first = 1, report{typ: 11} }, monitor.Outcome{
			State: monitor.Critical, Output: "CRITICAL - Time to live exceeded (a)",
		}},
		{"report that ping makes nothing of", func(f *flight) {
			f.packets, f.received, f.reports, f.first = make([]packet, 2), 1, 1, report{typ: 3, code: 4}
		}, monitor.Outcome{
			State:  monitor.Warning,
			Output: "PING WARNING - Packet loss = 50%, RTA = 10.00 ms", Perfdata: "rta=10.000000ms;100.000000;500.000000;0.000000 pl=50%;20;60;0;",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePing([]string{"-H", "a", "-w", "100,20%", "-c", "500,60%"})
			if err != nil {
				t.Fatal(err)
			}
			_, f := flying(true)
			f.sum = 10 * time.Millisecond
			tt.state(f)
			c := &check{family: v4, hosts: []target{p.host}, flights: []*flight{f}}
			if diff := cmp.Diff(tt.want, p.judge(c, new([]byte))); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}
