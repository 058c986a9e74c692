package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
)

// verify is onbu verify.
func verify(_ context.Context, e *env) error {
	asJSON := e.flags.Bool("json", false, "print JSON")
	fork := e.flags.String("fork", "", "programs to fork although Onbu could run them natively, as for onbu run")
	var shards int
	registerShards(e.flags, &shards, "number of shards")
	state := e.flags.String("state", defaultState(), "state folder of the broker, whose users file is looked at")
	words, err := e.parse(1, "the path of a configuration's main file")
	if err != nil {
		return err
	}
	// The process ends right after: a heap that grows a little more slowly than by doubling keeps the peak low.
	debug.SetGCPercent(50)
	probes := poller.NewProbes(builtin.Checks(nil), builtin.Exec(0), list(*fork)...)
	users := filepath.Join(*state, "users")
	summary := arbiter.Verify(words[0], cmp.Or(shards, compile.DefaultShards), ways(probes), sends(builtin.Notifiers()), builtin.JudgeWith(users))
	doubtUsers(&summary, users)
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(summary); err != nil {
			return err
		}
	} else {
		summary.Print(e.stdout)
	}
	if !summary.OK {
		return errQuiet
	}
	return nil
}

// doubtUsers adds what is wrong with the users file of the pages that a broker has without a definition. Those with one are judged with it.
func doubtUsers(s *arbiter.Summary, path string) {
	modules := make([]monitor.Module, len(s.Modules))
	for i, m := range s.Modules {
		modules[i] = monitor.Module{Name: m.Name, Type: m.Type}
	}
	if len(builtin.WithPages(modules)) == len(modules) {
		return
	}
	for _, err := range sign.CheckFile(path) {
		s.Warnings = append(s.Warnings, "the users of the pages: "+err.Error())
		s.Counts["warnings"]++
	}
}

// sayBroken says what of a configuration does not work, although it is put into force: an engine that refused to start for it
// would check nothing at all.
func sayBroken(c *objects.Config, fork []string, stderr io.Writer) {
	probes := poller.NewProbes(builtin.Checks(nil), builtin.Exec(0), fork...)
	for _, text := range arbiter.Broken(c, ways(probes), sends(builtin.Notifiers()), builtin.Judge) {
		fmt.Fprintln(stderr, "does not work until it is mended:", text)
	}
}

// ways says how command lines are run.
func ways(probes *poller.Probes) arbiter.Native {
	return func(line string) arbiter.Way {
		p := probes.Prepare(line)
		way := arbiter.Way{Module: p.Module, Why: p.Why}
		if v, ok := p.Probe.(modules.Verifier); ok {
			way.Wrong, way.Doubtful = v.Verify()
			way.Each = true
		}
		return way
	}
}

// sends says which module sends a notification.
func sends(notifiers []modules.Notify) arbiter.Sends {
	return func(line string) (string, error) {
		for _, m := range notifiers {
			_, err := builtin.Senders([]modules.Notify{m})(line)
			if !errors.Is(err, modules.ErrNotMine) {
				return m.Name(), err
			}
		}
		return "", nil
	}
}
