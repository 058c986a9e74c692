package graphite_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer/carbon"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/graphite"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// define gives a definition of lines "name value".
func define(lines ...string) *monitor.Module {
	m := &monitor.Module{Name: "g", Type: "graphite", File: "g.cfg", Line: 1}
	for i, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: value, Line: uint32(i + 2)})
	}
	return m
}

// known is a configuration: eu.1 has all of Shinken's variables, plain has none.
func known() *catalog.Catalog {
	return catalog.New([]*monitor.Inventory{{
		Policies: []monitor.Policy{{RealmName: "All"}},
		Hosts: []monitor.Host{
			{Name: "eu.1", Vars: []monitor.Var{{Name: "GRAPHITE_PRE", Value: "site.paris"}, {Name: "GRAPHITE_GROUP", Value: "db servers"}}},
			{Name: "plain"},
		},
		Services: []monitor.Service{
			{Host: 0, Description: "Disk C:", Extra: &monitor.ServiceExtra{Vars: []monitor.Var{{Name: "GRAPHITE_POST", Value: "win"}}}},
			{Host: 1, Description: "load"},
		},
	}})
}

func build(t *testing.T, lines ...string) modules.Exporter {
	t.Helper()
	s := modules.Read(define(lines...))
	x := graphite.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{Catalog: known})
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return x
}

func check(host, service, perfdata string, at int64) monitor.Brok {
	c := monitor.Check{Ref: monitor.Ref{Host: host, Service: service}, Started: monitor.Time(at * 1e9), Time: monitor.Time(at*1e9 + 5e8), Perfdata: perfdata}
	return c.Brok()
}

// export gives broks to a module that must take them.
func export(t *testing.T, x modules.Exporter, broks ...monitor.Brok) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := x.Export(ctx, broks); err != nil {
		t.Error(err)
	}
}

// has waits until carbon has written these points, as "path value", and no others.
func has(t *testing.T, c *carbon.Carbon, want ...string) {
	t.Helper()
	slices.Sort(want)
	c.Until("has written what was exported", func() error {
		var all []string
		for _, name := range c.Metrics() {
			for _, p := range c.Points(name) {
				all = append(all, fmt.Sprintf("%s %v", name, p.Value))
			}
		}
		slices.Sort(all)
		if diff := cmp.Diff(want, all); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

func TestMetricsAreCalledAsShinkenCallsThem(t *testing.T) {
	now := time.Now().Unix()
	broks := []monitor.Brok{
		check("eu.1", "Disk C:", "'C:\\ used %'=42%;80;90;0;100 multi_2=7 a.b=1 ..=5 gone=U x=1e-7", now),
		check("eu.1", "", "rta=0.5ms;100;500;0", now),
		check("plain", "load", "load1=0.25;1:5;~:10;0; größe=3MB", now),
		check("plain", "", "pl=0%", now),
		check("removed", "", "x=1", now-60),
	}
	off := check("plain", "load", "off=1", now)
	off.Check.NoPerfdata = true
	broks = append(broks, off)
	for name, test := range map[string]struct{ settings, want []string }{
		"usual": {nil, []string{
			"plain.__HOST__.pl 0",
			"plain.load.gr__e 3", "plain.load.load1 0.25",
			"site.paris.db_servers.eu_1.Disk_C_.win.C___used__ 42", "site.paris.db_servers.eu_1.Disk_C_.win._._._ 5",
			"site.paris.db_servers.eu_1.Disk_C_.win.a.b 1", "site.paris.db_servers.eu_1.Disk_C_.win.multi.2 7",
			"site.paris.db_servers.eu_1.Disk_C_.win.x 1e-07",
			"site.paris.db_servers.eu_1.__HOST__.rta 0.5",
		}},
		"with everything": {
			[]string{
				"prefix onbu.live", "graphite_data_source shinken", "hostcheck ping", "send_warning 1", "send_critical 1", "send_min 1", "send_max 1",
				"filter Disk C::multi_2,a.b,..,x,gone", "filter host_check:pl", "base_units 1", "realm_prefix 1",
			},
			[]string{
				"All.onbu.live.plain.shinken.load.gr__e 3.145728e+06",
				"All.onbu.live.plain.shinken.load.load1 0.25", "All.onbu.live.plain.shinken.load.load1_crit 10",
				"All.onbu.live.plain.shinken.load.load1_min 0", "All.onbu.live.plain.shinken.load.load1_warn 5",
				"All.onbu.live.site.paris.db_servers.eu_1.ping.shinken.rta 0.0005",
				"All.onbu.live.site.paris.db_servers.eu_1.ping.shinken.rta_crit 0.5",
				"All.onbu.live.site.paris.db_servers.eu_1.ping.shinken.rta_min 0",
				"All.onbu.live.site.paris.db_servers.eu_1.ping.shinken.rta_warn 0.1",
				"All.onbu.live.site.paris.db_servers.eu_1.shinken.Disk_C_.win.C___used__ 42",
				"All.onbu.live.site.paris.db_servers.eu_1.shinken.Disk_C_.win.C___used___crit 90",
				"All.onbu.live.site.paris.db_servers.eu_1.shinken.Disk_C_.win.C___used___max 100",
				"All.onbu.live.site.paris.db_servers.eu_1.shinken.Disk_C_.win.C___used___min 0",
				"All.onbu.live.site.paris.db_servers.eu_1.shinken.Disk_C_.win.C___used___warn 80",
			},
		},
		"another order": {
			[]string{"path all.{service}.{host}", "host_path all.up.{host}", "filter Disk C::"},
			[]string{"all.load.plain.gr__e 3", "all.load.plain.load1 0.25", "all.up.eu_1.rta 0.5", "all.up.plain.pl 0"},
		},
	} {
		for _, protocol := range []string{"plaintext", "pickle"} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				t.Parallel()
				c := carbon.New(t, 3600)
				c.Start()
				port := c.Line
				if protocol == "pickle" {
					port = c.Pickle
				}
				x := build(t, append([]string{"protocol " + protocol, fmt.Sprint("port ", port)}, test.settings...)...)
				export(t, x, broks...)
				has(t, c, test.want...)
			})
		}
	}
}

func TestEachOfSeveralTargetsHasItsShareOrAll(t *testing.T) {
	now := time.Now().Unix()
	var broks []monitor.Brok
	for i := range 20 {
		broks = append(broks, check("plain", "load", fmt.Sprintf("m%02d.x=1", i), now))
	}
	one, two := carbon.New(t, 3600), carbon.New(t, 3600)
	one.Start()
	two.Start()
	for _, mode := range []string{"all", "hash"} {
		x := build(t, "mode "+mode, "prefix "+mode, fmt.Sprintf("targets 127.0.0.1:%d:a, 127.0.0.1:%d:b", one.Line, two.Line))
		parts := x.(modules.Several).Parts()
		if len(parts) != 2 || parts[0].Name() == parts[1].Name() || parts[0].Name() == x.Name() {
			t.Fatalf("parts %v", parts)
		}
		for _, p := range parts {
			export(t, p, broks...)
			p.(modules.Closer).Close()
		}
	}
	count := func(c *carbon.Carbon) map[string]int {
		n := map[string]int{}
		for _, name := range c.Metrics() {
			n[strings.Split(name, ".")[0]]++
		}
		return n
	}
	one.Until("has its share", func() error {
		a, b := count(one), count(two)
		if a["all"] != 20 || b["all"] != 20 || a["hash"]+b["hash"] != 20 || a["hash"] == 0 || b["hash"] == 0 {
			return fmt.Errorf("%v and %v", a, b)
		}
		return nil
	})
}

func TestDatagrams(t *testing.T) {
	c := carbon.New(t, 3600)
	c.Start()
	now := time.Now().Unix()
	var want []string
	var broks []monitor.Brok
	for i := range 100 { // several datagrams
		broks = append(broks, check("plain", "load", fmt.Sprintf("m%02d.x=%d", i, i), now))
		want = append(want, fmt.Sprintf("plain.load.m%02d.x %d", i, i))
	}
	export(t, build(t, "transport udp", fmt.Sprint("port ", c.Line)), broks...)
	has(t, c, want...)
}

func TestBeforeTheConfigurationIsThereNothingIsSent(t *testing.T) {
	synctest.Test(t, beforeTheConfiguration)
}

func beforeTheConfiguration(t *testing.T) {
	empty := &catalog.Catalog{}
	s := modules.Read(define("port 1"))
	x := graphite.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{Catalog: func() *catalog.Catalog { return empty }})
	now := time.Now().Unix()
	if err := x.Export(t.Context(), []monitor.Brok{check("plain", "", "x=1", now)}); err == nil {
		t.Error("no error without a configuration")
	}
	if err := build(t, "port 1").Export(t.Context(), []monitor.Brok{check("new", "", "x=1", now)}); err == nil {
		t.Error("no error for a host that is not there yet")
	}
	if err := build(t, "port 1").Export(t.Context(), []monitor.Brok{check("removed", "", "x=1", now-3600)}); err != nil {
		t.Errorf("a host that is gone: %v", err)
	}
}

func TestMistakesInADefinitionAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		"targets a:b":                "g.cfg:2: module g (graphite): targets: \"a:b\" is no host:port, nor host:port:instance",
		"targets a:1,a:1":            "g.cfg:2: module g (graphite): targets: a:1 is there twice",
		"path {hosts}.x":             "g.cfg:2: module g (graphite): path: \"{hosts}\" is no word of a path: write words in braces, parted by dots, of {realm} {prefix} {pre} {group} {host} {source} {service} {post}; the metric comes last by itself",
		"filter load":                "g.cfg:2: module g (graphite): filter: write service_description:label,label; without labels for the whole service",
		"use_pickel 1":               "g.cfg:2: module g (graphite): there is no setting use_pickel; did you mean use_pickle?",
		"mode both":                  "g.cfg:2: module g (graphite): mode is \"both\": write one of all, hash",
		"targets [::1]:2003,[::1]:x": "g.cfg:2: module g (graphite): targets: \"[::1]:x\" is no host:port, nor host:port:instance",
	} {
		s := modules.Read(define(line))
		graphite.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{Catalog: known})
		if err := s.Err(); err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", line, err, want)
		}
	}
}

func TestATargetsPlaceHasOneNameHoweverManyThereAre(t *testing.T) {
	one := build(t, "targets 127.0.0.1:2003").Name()
	parts := build(t, "targets 127.0.0.1:2003, 127.0.0.1:2103").(modules.Several).Parts()
	if parts[0].Name() != one {
		t.Errorf("alone %s, beside another one %s", one, parts[0].Name())
	}
}
