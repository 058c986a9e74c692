package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// blob reads a blob of the configuration; nil if there is none.
func (b *Broker) blob(ctx context.Context, name string) ([]byte, error) {
	data, err := b.o.Bus.Blob(ctx, bus.CFG, name)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil
	}
	return data, err
}

// otherSites gives the names of the sites that this one knows, by Token.
func (b *Broker) otherSites(ctx context.Context) (map[string]string, error) {
	names, err := b.o.Bus.BlobNames(ctx, bus.CFG)
	if err != nil {
		return nil, fmt.Errorf("looking for other sites: %w", err)
	}
	sites := map[string]string{}
	for _, name := range names {
		if site, ok := strings.CutPrefix(name, wire.SiteHostsName("")); ok {
			sites[bus.Token(site)] = site
		}
	}
	return sites, nil
}

// siteNamed gives the name behind a Token: of a site that is known, or of one that never was there, or was forgotten.
func siteNamed(sites map[string]string, token string) string {
	if name, ok := sites[token]; ok {
		return name
	}
	if name, ok := bus.Named(token); ok {
		return name
	}
	return token
}

// hostsOf gives the hosts of another site; none when it was forgotten.
func (b *Broker) hostsOf(ctx context.Context, site string) ([]string, error) {
	data, err := b.blob(ctx, wire.SiteHostsName(site))
	var s wire.SiteHosts
	if err == nil && data != nil {
		err = wire.Unmarshal(data, &s)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the hosts of site %s: %w", site, err)
	}
	return s.Hosts, nil
}
