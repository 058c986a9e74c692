package arbiter

import (
	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor"
)

// offers gives the services that the payloads for a host offer, as a rule has them checked.
func offers(r *monitor.DynamicRule, payloads []monitor.Payload) []monitor.DynamicService {
	var set section.Set
	var newest monitor.Time
	for _, p := range payloads {
		section.Parse(p.Data, &set, section.Options{Source: p.Source, Now: p.At.Std()})
		newest = max(newest, p.At)
	}
	var all []monitor.DynamicService
	for _, o := range service.Discover(&set, newest.Std()) {
		all = append(all, monitor.DynamicService{Description: o.Description, CheckCommand: o.Call(r.ServiceCommand)})
	}
	return all
}
