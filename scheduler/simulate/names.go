package simulate

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/nearest"
)

// unfit is an error that says all there is to say: how the line is to be written would not help.
type unfit string

func (u unfit) Error() string { return string(u) }

func unfitf(format string, args ...any) error { return unfit(fmt.Sprintf(format, args...)) }

// names finds objects by their names.
type names struct {
	inv *monitor.Inventory
	ids map[monitor.Ref]monitor.ID
}

func newNames(inv *monitor.Inventory) *names {
	n := &names{inv: inv, ids: make(map[monitor.Ref]monitor.ID, inv.Objects())}
	for id := range monitor.ID(inv.Objects()) {
		n.ids[inv.Ref(id)] = id
	}
	return n
}

// ref finds what a command is for.
func (n *names) ref(ref monitor.Ref) (monitor.ID, error) {
	if id, ok := n.ids[ref]; ok {
		return id, nil
	}
	if _, ok := n.ids[monitor.Ref{Host: ref.Host}]; !ok {
		return 0, n.noHost(ref.Host)
	}
	return 0, n.noService(ref)
}

// object finds HOST or HOST/SERVICE. Both may have slashes in their names, so each is tried.
func (n *names) object(name string) (monitor.ID, error) {
	if id, ok := n.ids[monitor.Ref{Host: name}]; ok {
		return id, nil
	}
	for i := range len(name) {
		if name[i] != '/' || i == len(name)-1 {
			continue
		}
		if id, ok := n.ids[monitor.Ref{Host: name[:i], Service: name[i+1:]}]; ok {
			return id, nil
		}
	}
	host, service, _ := strings.Cut(name, "/")
	return 0, n.unknown(monitor.Ref{Host: host, Service: service})
}

func (n *names) unknown(ref monitor.Ref) error {
	if _, err := n.ref(ref); err != nil {
		return err
	}
	return unfitf("the service of %s is missing: write it like %s/NAME", ref.Host, ref.Host)
}

func (n *names) noHost(name string) error {
	hint := ""
	if near := nearest.Of(name, n.hosts()); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return unfitf("there is no host %q%s", name, hint)
}

func (n *names) noService(ref monitor.Ref) error {
	for service := range n.services(ref.Host) {
		if ref.Service != "" && strings.HasPrefix(service, ref.Service+" ") {
			return unfitf("host %s has no service %q; if you mean %q, put quotes around it: \"%s/%s\"",
				ref.Host, ref.Service, service, ref.Host, service)
		}
	}
	hint := ""
	if near := nearest.Of(ref.Service, n.services(ref.Host)); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return unfitf("host %s has no service %q%s", ref.Host, ref.Service, hint)
}

func (n *names) hosts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n.inv.Hosts {
			if !yield(n.inv.Hosts[i].Name) {
				return
			}
		}
	}
}

func (n *names) services(host string) iter.Seq[string] {
	return func(yield func(string) bool) {
		id := n.ids[monitor.Ref{Host: host}]
		for i := range n.inv.Services {
			if s := &n.inv.Services[i]; s.Host == id && !yield(s.Description) {
				return
			}
		}
	}
}

// either reads the name of a host or of a service.
func (n *names) either(w *words) (monitor.ID, error) {
	name, ok, err := w.next()
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, errors.New("the name of an object is missing")
	}
	return n.object(name)
}

// host reads the name of a host.
func (n *names) host(w *words) (monitor.ID, error) {
	name, ok, err := w.next()
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, errors.New("the name of a host is missing")
	}
	return n.ref(monitor.Ref{Host: name})
}

// service reads the name of a service.
func (n *names) service(w *words) (monitor.ID, error) {
	id, err := n.either(w)
	if err == nil && n.inv.IsHost(id) {
		return 0, unfitf("%s is a host: name one of its services, like %[1]s/NAME, or write \"host %[1]s down\"", n.inv.Hosts[id].Name)
	}
	return id, err
}
