package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"github.com/onbu/onbu/modules/check/icmp"
	"github.com/onbu/onbu/monitor"
)

// pingOptions say how onbu probe icmp pings.
type pingOptions struct {
	count, size       int
	interval, timeout time.Duration
	v4, v6            bool
}

func (o *pingOptions) register(f *flag.FlagSet) {
	f.IntVar(&o.count, "count", 5, "icmp: how many packets")
	f.IntVar(&o.size, "size", 56, "icmp: bytes of payload")
	f.DurationVar(&o.interval, "interval", time.Second, "icmp: from one packet to the next")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second, "icmp: how long to wait after the last packet")
	f.BoolVar(&o.v4, "4", false, "icmp: the host's IPv4 address")
	f.BoolVar(&o.v6, "6", false, "icmp: the host's IPv6 address")
}

// network gives the family as pro-bing calls it.
func (o *pingOptions) network() string {
	switch {
	case o.v4:
		return "ip4"
	case o.v6:
		return "ip6"
	}
	return "ip"
}

func (o *pingOptions) check() error {
	switch {
	case o.v4 && o.v6:
		return errors.New("-4 and -6 exclude each other")
	case o.count < 1 || o.interval <= 0 || o.timeout <= 0:
		return errors.New("--count, --interval and --timeout are above 0")
	case o.size < 24 || o.size > 65507: // pro-bing's own mark has 24
		return errors.New("--size is from 24 to 65507")
	}
	return nil
}

// probePing pings a host for people. It does not use the engine of the module icmp, but another library: what both say can
// be compared.
func probePing(ctx context.Context, w io.Writer, host string, o pingOptions) error {
	if err := o.check(); err != nil {
		return usageError(err.Error())
	}
	p := probing.New(host)
	p.SetNetwork(o.network())
	if err := p.Resolve(); err != nil {
		fmt.Fprintf(w, "%s: %v\n", host, err)
		return exitStatus(monitor.Unknown)
	}
	addr, _ := netip.AddrFromSlice(p.IPAddr().IP)
	raw, err := icmp.Allowed(addr)
	if err != nil {
		fmt.Fprintf(w, "%s: %v\n", host, err)
		return exitStatus(monitor.Unknown)
	}
	kind := "ping socket, which sysctl net.ipv4.ping_group_range allows"
	if raw {
		kind = "raw socket, which CAP_NET_RAW allows"
	}
	fmt.Fprintf(w, "PING %s (%s): %d bytes of payload through a %s\n", host, addr.Unmap(), o.size, kind)
	p.SetPrivileged(raw)
	p.Count, p.Size, p.Interval = o.count, o.size, o.interval
	p.Timeout = time.Duration(o.count-1)*o.interval + o.timeout
	p.OnRecv = func(r *probing.Packet) { printReply(w, r, "") }
	p.OnDuplicateRecv = func(r *probing.Packet) { printReply(w, r, " (again)") }
	if err := p.RunWithContext(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintf(w, "%s: %v\n", host, err)
		return exitStatus(monitor.Critical)
	}
	return pingSummary(w, host, p.Statistics())
}

func printReply(w io.Writer, r *probing.Packet, remark string) {
	fmt.Fprintf(w, "%d bytes from %s: seq=%d ttl=%d time=%.3f ms%s\n", r.Nbytes, r.IPAddr, r.Seq, r.TTL, r.Rtt.Seconds()*1000, remark)
}

// pingSummary prints what ping prints at the end. A packet that is lost is a WARNING, all are CRITICAL.
func pingSummary(w io.Writer, host string, s *probing.Statistics) error {
	fmt.Fprintf(w, "--- %s: %d sent, %d received, %.0f%% lost\n", host, s.PacketsSent, s.PacketsRecv, s.PacketLoss)
	if s.PacketsRecv == 0 {
		return exitStatus(monitor.Critical)
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	fmt.Fprintf(w, "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", ms(s.MinRtt), ms(s.AvgRtt), ms(s.MaxRtt), ms(s.StdDevRtt))
	if s.PacketsRecv < s.PacketsSent {
		return exitStatus(monitor.Warning)
	}
	return nil
}
