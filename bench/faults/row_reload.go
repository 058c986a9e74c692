package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// brokenReload is row 20: files that are broken in all ways are refused, and nothing notices.
func brokenReload() Row {
	return Row{Name: "reload-broken", Number: 20, About: "a reload of broken files", Takes: time.Minute, bound: interval*time.Second + calm, run: func(ctx context.Context, s *Site, f *Finding) error {
		before, err := s.inForce(ctx)
		if err == nil {
			err = s.calm(ctx)
		}
		if err != nil {
			return err
		}
		began := time.Now()
		refused, placed := 0, 0
		for _, b := range s.breakages() {
			said, err := s.tryBroken(ctx, b)
			if err != nil {
				return fmt.Errorf("%s: %w", b.what, err)
			}
			s.say("%s: %s", b.what, strings.TrimSpace(said))
			if said != "" {
				refused++
			}
			if strings.Contains(said, b.place) {
				placed++
			}
		}
		f.AtLeast("broken files refused with exit status 1", refused, len(s.breakages()))
		f.AtLeast("of which with the file and the line", placed, len(s.breakages()))
		now, err := s.inForce(ctx)
		if err != nil {
			return err
		}
		f.None("generations that came into force", int(now.Number-before.Number))
		if err := pause(ctx, (interval+2)*time.Second); err != nil {
			return err
		}
		return s.undisturbed(ctx, f, began)
	}}
}

// breakage is a file that breaks the configuration; place is what the refusal has to name.
type breakage struct{ what, text, place string }

// breakages are what people and programs do to files. huge stands for a file of 1 GB.
func (s *Site) breakages() []breakage {
	more := s.file("more.cfg")
	return []breakage{
		{"parents in a circle", circle("x", "y") + circle("y", "x"), more + ":"},
		{"a template that is not there", "define host {\n host_name x\n use nothing\n}\n", more + ":3: "},
		{"a host that is there twice", "define host {\n host_name " + host(0) + "\n address 127.0.0.1\n}\n", more + ":"},
		{"half a definition", "define host {\n host_name x\n", more + ":"},
		{"a file of 1 GB", huge, more},
	}
}

const huge = "huge"

// circle is a host behind another one.
func circle(name, parent string) string {
	return fmt.Sprintf("define host {\n host_name %s\n address 127.0.0.1\n parents %s\n contacts ada\n max_check_attempts 3\n}\n", name, parent)
}

// tryBroken has a broken file read, and gives the refusal; empty if it was not refused. The file is gone afterwards.
func (s *Site) tryBroken(ctx context.Context, b breakage) (said string, err error) {
	main, err := os.ReadFile(s.main)
	if err != nil {
		return "", err
	}
	more := s.file("more.cfg")
	defer func() { err = errors.Join(err, os.WriteFile(s.main, main, 0o644), os.Remove(more)) }()
	text := b.text
	if text == huge {
		text = "# so many lines\n"
	}
	if err := errors.Join(os.WriteFile(more, []byte(text), 0o644), os.WriteFile(s.main, append(bytes.Clone(main), "\ncfg_file="+more+"\n"...), 0o644)); err != nil {
		return "", err
	}
	if b.text == huge {
		if err := os.Truncate(more, 1<<30); err != nil {
			return "", err
		}
	}
	said, status, err := s.reload(ctx)
	if err == nil && status != 1 {
		return "", nil
	}
	return said, err
}

// reload is onbu reload at a broker; it gives what that said, and its exit status.
func (s *Site) reload(ctx context.Context) (said string, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, s.o.Program, "reload", "--http", s.Daemons("broker")[0].HTTP)
	out, err := c.CombinedOutput()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), ended.ExitCode(), nil
	}
	return string(out), 0, err
}

// inForce gives the generation in force.
func (s *Site) inForce(ctx context.Context) (g wire.Generation, err error) {
	e, err := s.bus.Get(ctx, bus.CFG, "current")
	if err == nil {
		err = wire.Unmarshal(e.Value, &g)
	}
	return g, err
}

// calm returns when the shards are shared, and every check was made since.
func (s *Site) calm(ctx context.Context) error {
	return errors.Join(s.shared(ctx), pause(ctx, 2*interval*time.Second))
}

// shared returns when every scheduler has its share of the shards, so that none moves because of that.
func (s *Site) shared(ctx context.Context) error {
	all := s.Daemons("scheduler")
	return s.eventually(ctx, time.Minute, "the shards are shared evenly", func() error {
		owns, err := s.counted(ctx)
		for _, d := range all {
			if err == nil && owns[d.On.Name] != shards/len(all) {
				err = fmt.Errorf("%s has %d of %d", d.Name(), owns[d.On.Name], shards)
			}
		}
		return err
	})
}

// counted counts the shards of each owner.
func (s *Site) counted(ctx context.Context) (map[string]int, error) {
	all, err := s.bus.List(ctx, bus.LEASE, bus.AllLeases())
	owns := map[string]int{}
	for _, e := range all {
		var l wire.Lease
		if err := wire.Unmarshal(e.Value, &l); err != nil {
			return nil, err
		}
		owns[l.Owner]++
	}
	return owns, err
}

// undisturbed notes that shards stayed where they were, and how long anything waited.
func (s *Site) undisturbed(ctx context.Context, f *Finding, began time.Time) error {
	e, err := s.gather(ctx)
	if err != nil {
		return err
	}
	f.None("shards that changed their owner", len(e.gaps(began)))
	f.AtMost("longest time without any commit", e.silence(began), 2*time.Second)
	f.AtMost("longest time between two checks of a service", quantile(e.pauses(began), 1), (interval+2)*time.Second)
	return nil
}

// How large row 21 is: so many hosts with a hundred services each.
const (
	bulkHosts, bulkQuick = 500, 50
	bulkServices         = 100
	bulkInterval         = 300 // seconds
	bulkEdited           = 5   // hosts whose services are edited
)

func (s *Site) bulk() int {
	if s.o.Quick {
		return bulkQuick
	}
	return bulkHosts
}

// largeReload is row 21: of many services a few are edited.
func largeReload() Row {
	return Row{
		Name: "reload-large", Number: 21, About: "a reload of 50,000 services, of which 500 were edited", Takes: 3 * time.Minute, bound: interval*time.Second + calm,
		layout: func(s *Site) error {
			s.more = func(o *objectstest.Text) { writeBulk(o, s.bulk(), "") }
			return standard(s)
		},
		run: func(ctx context.Context, s *Site, f *Finding) error { return s.reloadLarge(ctx, f) },
	}
}

// writeBulk writes many services. The first hosts' ones have another directive if edit is not empty.
func writeBulk(o *objectstest.Text, hosts int, edit string) {
	o.Command("bulk", "/usr/lib/nagios/plugins/check_dummy 0 bulk")
	for h := range hosts {
		name := fmt.Sprintf("bulk%04d", h)
		o.Host(name, "ada", "check_command bulk", fmt.Sprint("check_interval ", bulkInterval))
		for n := range bulkServices {
			more := []string{fmt.Sprint("check_interval ", bulkInterval), "notifications_enabled 0"}
			if edit != "" && h < bulkEdited {
				more = append(more, edit)
			}
			o.Service(name, fmt.Sprintf("s%02d", n), "bulk", "ada", more...)
		}
	}
}

func (s *Site) reloadLarge(ctx context.Context, f *Finding) error {
	if err := s.calm(ctx); err != nil {
		return err
	}
	before, err := s.plans()
	if err != nil {
		return err
	}
	s.more = func(o *objectstest.Text) { writeBulk(o, s.bulk(), "notes edited") }
	if err := s.configure(); err != nil {
		return err
	}
	began := time.Now()
	said, status, err := s.reload(ctx)
	took := time.Since(began)
	if err != nil || status != 0 {
		return fmt.Errorf("onbu reload: exit status %d: %s: %w", status, said, err)
	}
	s.say("%s", strings.TrimSpace(said))
	f.Know("services", fmt.Sprint(len(before)))
	f.Know("onbu reload took, until every daemon worked with it", round(took))
	if err := pause(ctx, (interval+2)*time.Second); err != nil {
		return err
	}
	after, err := s.plans()
	if err != nil {
		return err
	}
	moved := 0
	for id, was := range before {
		if is := after[id]; is.LastCheck == was.LastCheck && is.NextCheck != was.NextCheck {
			if moved++; moved <= 3 {
				s.say("%s, last checked at %.3f, was to be checked at %.3f and is now at %.3f", id, was.LastCheck, was.NextCheck, is.NextCheck)
			}
		}
	}
	edited := bulkEdited * bulkServices
	f.Figures = append(f.Figures, Figure{"checks that were planned anew", fmt.Sprint(moved), fmt.Sprintf("<= %d, those edited", edited), moved <= edited})
	if err := s.noStorm(ctx, f, began); err != nil {
		return err
	}
	return s.undisturbed(ctx, f, began)
}

// plan is when a service was checked and will be.
type plan struct {
	Host      string  `json:"host"`
	Service   string  `json:"service"`
	LastCheck float64 `json:"last_check"`
	NextCheck float64 `json:"next_check"`
}

// plans gives those of all services, by name, as a broker shows them.
func (s *Site) plans() (map[string]plan, error) {
	var all []plan
	client := http.Client{Timeout: time.Minute} // they are many
	resp, err := client.Get("http://" + s.Daemons("broker")[0].HTTP + "/api/services")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return nil, err
	}
	byName := map[string]plan{}
	for _, p := range all {
		if strings.HasPrefix(p.Host, "bulk") {
			byName[p.Host+"/"+p.Service] = p
		}
	}
	return byName, nil
}

// noStorm compares the checks of the seconds before a moment with those after it.
func (s *Site) noStorm(ctx context.Context, f *Finding, at time.Time) error {
	e, err := s.gather(ctx)
	if err != nil {
		return err
	}
	const span = interval * time.Second
	var before, after int
	for _, c := range e.checks {
		switch d := c.Started.Std().Sub(at); {
		case d >= -span && d < 0:
			before++
		case d >= 0 && d < span:
			after++
		}
	}
	most := before + before/2 + hosts
	f.Figures = append(f.Figures, Figure{fmt.Sprintf("checks begun in the %s after it", span), fmt.Sprintf("%d, and %d before", after, before), fmt.Sprintf("<= %d", most), after <= most})
	return nil
}
