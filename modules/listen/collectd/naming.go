package collectd

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules/listen/collectd/packet"
	"github.com/onbu/onbu/monitor"
)

// naming says which service a metric belongs to, and how it is called there. By default it is Shinken's way: the service is the
// plugin with its instance, the metric the type with its instance.
type naming struct {
	grouped    map[string]bool // plugins of which all instances are one service
	byName     bool            // several values of a list are called as types.db says, and not _0, _1, …
	dropDomain bool
	types      types
	rules      []rule
}

// rule gives the metrics that fit a regular expression to a service; $1 is what stands in its first parentheses.
type rule struct {
	re      *regexp.Regexp
	service string
}

// dropped is the service of rules for metrics that nobody wants.
const dropped = "-"

// host gives the host that a sender means.
func (n *naming) host(name []byte) string {
	host := string(name)
	if short, _, cut := strings.Cut(host, "."); n.dropDomain && cut && short != "" {
		if _, err := netip.ParseAddr(host); err != nil {
			return short
		}
	}
	return host
}

// service gives the service of an ID, and whether all instances of its plugin share it; false if nobody wants it.
func (n *naming) service(id *packet.ID) (ref monitor.Ref, shared, wanted bool) {
	ref.Host = n.host(id.Host)
	plugin := joined(id.Plugin, id.PluginInstance)
	if len(n.rules) > 0 {
		whole := plugin + "/" + joined(id.Type, id.TypeInstance)
		for i := range n.rules {
			r := &n.rules[i]
			if at := r.re.FindStringSubmatchIndex(whole); at != nil {
				ref.Service = string(r.re.ExpandString(nil, r.service, whole, at))
				return ref, true, r.service != dropped && ref.Service != ""
			}
		}
	}
	if n.grouped[string(id.Plugin)] {
		ref.Service = string(id.Plugin)
		return ref, true, true
	}
	ref.Service = plugin
	return ref, false, true
}

func joined(name, instance []byte) string {
	if len(instance) == 0 {
		return string(name)
	}
	return string(name) + "-" + string(instance)
}

// metrics gives the names of the values of a list.
func (n *naming) metrics(id *packet.ID, shared bool, values int) []string {
	name := string(id.Type)
	if shared && len(id.PluginInstance) > 0 {
		name += "-" + string(id.PluginInstance)
	}
	if len(id.TypeInstance) > 0 {
		name += "-" + string(id.TypeInstance)
	}
	if values == 1 {
		return []string{clean(name)}
	}
	sources := n.types.of(string(id.Type), values)
	names := make([]string, values)
	for i := range names {
		part := strconv.Itoa(i)
		if n.byName && sources != nil {
			part = sources[i].name
		}
		names[i] = clean(name + "_" + part)
	}
	return names
}

// clean takes out of a label what performance data cannot have.
func clean(label string) string {
	return strings.Map(func(r rune) rune {
		if r == '=' || r == '|' || r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, label)
}
