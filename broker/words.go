package broker

import (
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func explanationOf(e *monitor.Explanation, failed func(*monitor.Telling) string) api.Explanation {
	out := api.Explanation{
		Object: api.ObjectOf(&e.Status), Shard: uint16(e.Shard), Epoch: uint64(e.Epoch), Command: e.Command, Line: e.Line, Pool: e.Pool,
		Checking: e.Checking, InFlight: e.InFlight, Sent: e.Sent.Unix(), Period: e.Period, PeriodNow: e.PeriodNow,
		Parents: neighbours(e.Parents), Children: neighbours(e.Children),
		DependsOn: neighbours(e.Masters), Roots: neighbours(e.Roots), Impacts: neighbours(e.Impacts), ImpactCount: e.ImpactCount,
		Why: append([]string{}, e.Why...), Told: []api.Telling{},
		Downtimes: downtimes(e.Downtimes), CommentList: comments(e.Comments), Untold: []api.Untold{},
	}
	for _, u := range e.Untold {
		out.Untold = append(out.Untold, api.Untold(u))
	}
	for i := range e.Told {
		t := &e.Told[i]
		out.Told = append(out.Told, api.Telling{Time: t.Time.Unix(), Contact: t.Contact, Type: t.Type, Number: t.Number, Command: t.Command, Failed: failed(t)})
	}
	return out
}

func neighbours(all []monitor.Neighbour) []api.Neighbour {
	out := []api.Neighbour{}
	for _, n := range all {
		one := api.Neighbour{Host: n.Ref.Host, Service: n.Ref.Service, State: stateName(n), StateType: n.Type.String(), LastCheck: n.Check.Unix()}
		if n.Elsewhere {
			one.Shard = &n.Shard
		}
		out = append(out, one)
	}
	return out
}

func stateName(n monitor.Neighbour) string {
	if n.Ref.Service == "" {
		return n.State.HostName()
	}
	return n.State.ServiceName()
}

func downtimes(all []monitor.Downtime) []api.Downtime {
	out := []api.Downtime{}
	for _, d := range all {
		out = append(out, api.DowntimeOf(&d))
	}
	return out
}

func comments(all []monitor.Comment) []api.Comment {
	out := []api.Comment{}
	for _, c := range all {
		out = append(out, api.CommentOf(&c))
	}
	return out
}
