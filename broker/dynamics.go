package broker

import (
	"net/http"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// dynamics answers with the dynamic hosts of this site.
func (b *Broker) dynamics(w http.ResponseWriter, r *http.Request) {
	var known monitor.Dynamics
	data, err := b.blob(r.Context(), wire.DynamicsName)
	if err == nil && data != nil {
		err = wire.Unmarshal(data, &known)
	}
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	out := api.Dynamics{Hosts: []api.DynamicHost{}, Refusals: []api.DynamicRefusal{}, Made: known.Made, Gone: known.Gone}
	for _, h := range known.Hosts {
		services := make([]string, 0, len(h.Services))
		for _, s := range h.Services {
			services = append(services, s.Description)
		}
		out.Hosts = append(out.Hosts, api.DynamicHost{Name: h.Name, Source: h.Source, Rule: h.Rule, Since: h.Since.Unix(), Listed: h.Listed.Unix(), Services: services})
	}
	for _, f := range known.Refusals {
		out.Refusals = append(out.Refusals, api.DynamicRefusal{
			Name: f.Name, Source: f.Source, Rule: f.Rule, Why: f.Why, At: f.At.Unix(), Hosts: max(int(f.Hosts), 1), Others: f.Others,
		})
	}
	answer(w, out)
}
