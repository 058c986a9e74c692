package main

import (
	"context"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/app"
)

// runRole gives the verb that runs one role against a bus of its own process.
func runRole(role string) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		var d daemonFlags
		var serving serveFlags
		httpAddr := "127.0.0.1:0"
		if role == "broker" {
			httpAddr = defaultHTTP
		}
		d.register(e.flags, defaultBus, httpAddr)
		switch role {
		case "scheduler":
			e.flags.StringVar(&d.stall, "stall-while", "", "for tests of faults: all shards stand still as long as this `file` is there")
		case "poller":
			d.registerPoller(e.flags)
		case "reactionner":
			e.flags.StringVar(&d.reactionTags, "tags", "None", "reactionner_tags to serve, separated by commas; None stands for untagged actions")
		case "receiver":
			e.flags.StringVar(&d.commandFile, "command-file", "", "named pipe for external commands; empty for none")
			d.registerLinks(e.flags)
			d.registerSpool(e.flags)
		case "broker":
			e.flags.StringVar(&d.eventLog, "event-log", "", "file for events, in the state folder unless absolute; - for standard output, empty for none")
		case "arbiter":
			registerShards(e.flags, &d.shards, "number of shards of a new installation")
			registerPerf(e.flags, &d.perf)
			serving.registerReplicas(e.flags)
		}
		main, config, err := mainFile(e, role, &d)
		if err != nil {
			return err
		}
		log, err := d.logger(e.stderr)
		if err != nil {
			return err
		}
		o := d.options(log)
		if err := o.Serve.Check(serving.replicas); err != nil {
			return usageError(err.Error())
		}
		o.Roles, o.Replicas = []string{role}, serving.replicas
		if main != "" {
			o.Main, o.Config, o.Reload = main, config, reloads(ctx)
		}
		return app.Run(ctx, o)
	}
}

// mainFile gives the main file of the arbiter, and what it read from there; the other roles take none.
func mainFile(e *env, role string, d *daemonFlags) (main string, c *objects.Config, err error) {
	if role != "arbiter" {
		_, err := e.parse(0, "")
		return "", nil, err
	}
	words, err := e.parse(1, "the path of a configuration's main file")
	if err != nil {
		return "", nil, err
	}
	c, err = loadOrGoOn(words[0], d, e.stderr)
	return words[0], c, err
}
