package courier

import (
	"bytes"
	"slices"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/piggyback"
)

// addressees gives the payloads that an output holds under the addresses of hosts to the hosts, so that they lie with the others
// of these. What the hosts are called in the output stays. It changes the targets.
func (b *book) addressees(source string, targets []piggyback.Share, out *modules.Delivered) []piggyback.Share {
	if !slices.ContainsFunc(targets, func(t piggyback.Share) bool { return b.hostAt(t.Target, source) != "" }) {
		return targets
	}
	at := make(map[string]int, len(targets))
	var all []piggyback.Share
	for _, t := range targets {
		if b.hostAt(t.Target, source) == "" {
			at[t.Target] = len(all)
			all = append(all, t)
		}
	}
	for _, t := range targets {
		host := b.hostAt(t.Target, source)
		n, other := at[host]
		switch {
		case host == "":
		case host == source:
			out.Own = append(out.Own, t.Data...)
		case !b.rules.MaySpeak(source, host):
			out.Refused++
		case other:
			all[n].Raw += "\n" + t.Raw
			all[n].Data = joined(all[n].Data, t.Data)
		default:
			at[host], t.Target = len(all), host
			all = append(all, t)
		}
	}
	return all
}

// joined gives blocks one behind the other; a line that nothing ends is ended.
func joined(a, b [][]byte) [][]byte {
	if len(a) > 0 && !bytes.HasSuffix(a[len(a)-1], []byte("\n")) {
		return slices.Concat(a, [][]byte{[]byte("\n")}, b)
	}
	return slices.Concat(a, b)
}

// hostAt gives the host of an address that is no name of a host, here or at another site; empty if there is none.
func (b *book) hostAt(address, source string) string {
	host, ok := b.addresses[address]
	if !ok {
		return ""
	}
	if p := b.find(address, source); p.here || p.site != "" {
		return ""
	}
	return host
}
