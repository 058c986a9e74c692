package bus

import (
	"fmt"
	"time"
)

// Link joins this site with others. What travels over it is apart from everything else on the bus. Any goroutine may use it.
type Link interface {
	// Tenants gives the tenants whose sites may be reached.
	Tenants() []Tenant
	// Messenger carries messages to and from the sites of a tenant, near and far. They see nothing of other tenants.
	Messenger(tenant string) Messenger
	// Neighbours gives the sites that are joined with this one directly, at this moment.
	Neighbours() []Neighbour
}

// Tenant is one whose sites are joined, and whose data no other tenant sees.
type Tenant struct {
	// Name is empty for the tenant that this site is of.
	Name string
	// Relay says that this site only joins the tenant's sites with each other, and takes no part.
	Relay bool
	// Ours says which hosts of this site the tenant's sites may know and send payloads for; Theirs which hosts they may have.
	// Nil for all.
	Ours, Theirs func(host string) bool
}

// Neighbour is a site at the other end of a connection.
type Neighbour struct {
	Site, Tenant string
	Address      string // of the other end
	Dialled      bool   // by this site
	Since        time.Time
	RTT          time.Duration // as measured last; 0 if never
	// Up says that the neighbour is the one of the two that passes on to the other what comes from third sites.
	Up bool
}

// maxSiteName bounds the name of a site.
const maxSiteName = 64

// CheckSiteName says why no site, and no tenant, may be called so: letters, digits and . _ - only.
func CheckSiteName(name string) error {
	if len(name) == 0 || len(name) > maxSiteName {
		return fmt.Errorf("the name %.80q: 1 to %d letters, digits and . _ - are wanted", name, maxSiteName)
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return fmt.Errorf("the name %q: only letters, digits and . _ - are wanted", name)
		}
	}
	return nil
}
