package monitor

import (
	"encoding/binary"
	"slices"
)

// Roster says which names results from outside may have, beside the directory's hosts.
type Roster struct {
	// Services are hashes of all services, sorted, 8 bytes each.
	Services []byte
	// Addresses are those of hosts, sorted, without those that several hosts have or that are names of hosts. A result for
	// one is the host's.
	Addresses []HostAddress
}

// HostAddress is the address of a host.
type HostAddress struct{ Address, Host string }

// hashSize is the length of a hash in a Roster.
const hashSize = 8

// PackServices gives the Services of a Roster.
func PackServices(all []Ref) []byte {
	hashes := make([]uint64, len(all))
	for i, r := range all {
		hashes[i] = hashOf(r)
	}
	slices.Sort(hashes)
	packed := make([]byte, 0, hashSize*len(hashes))
	for _, h := range hashes {
		packed = binary.BigEndian.AppendUint64(packed, h)
	}
	return packed
}

// HasService says whether a service is among them. Of those that are not, one in so many is taken for one that is as
// 2^64 has for each service: who owns the host knows better.
func (r *Roster) HasService(ref Ref) bool {
	want := hashOf(ref)
	low, high := 0, len(r.Services)/hashSize
	for low < high {
		middle := int(uint(low+high) >> 1)
		switch h := binary.BigEndian.Uint64(r.Services[middle*hashSize:]); {
		case h == want:
			return true
		case h < want:
			low = middle + 1
		default:
			high = middle
		}
	}
	return false
}

// hashOf is FNV-1a of the host's name, a zero byte and the service's.
func hashOf(r Ref) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(r.Host) {
		h = (h ^ uint64(r.Host[i])) * prime
	}
	h *= prime // the zero byte
	for i := range len(r.Service) {
		h = (h ^ uint64(r.Service[i])) * prime
	}
	return h
}
