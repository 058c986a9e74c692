package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// result is what a host sends by itself.
type result struct {
	Host    string `json:"host"`
	Service string `json:"service"`
	State   string `json:"state"`
	Output  string `json:"output"`
}

// reportEvery is how often hosts tell of their backups, much more often than real ones would.
const reportEvery = 30 * time.Second

// reports gives what the hosts that can be reached tell of themselves.
func reports(hosts []host, s *scene, seed uint64) (all []result) {
	up := reach(hosts, s)
	for i := range hosts {
		h := &hosts[i]
		if (h.kind != "backup" && h.kind != "db") || !up[h.name] {
			continue
		}
		size := 200 + lot(seed, h.name)%400
		r := result{Host: h.name, Service: "Nightly backup", State: "OK", Output: fmt.Sprintf("%d GB in %d minutes | size=%dGB;;;0", size, size/9, size)}
		if h.name == "ham-backup-2" {
			r.State, r.Output = "WARNING", longReport(h)
		}
		all = append(all, r)
	}
	return all
}

// longReport is an output with many lines.
func longReport(h *host) string {
	var b strings.Builder
	fmt.Fprintf(&b, "3 of 60 volumes were skipped | volumes=57;;;0;60 skipped=3;1;10;0\n")
	for i := range 60 {
		state := "saved"
		if i%23 == 7 {
			state = "SKIPPED: the snapshot did not become consistent within 600 s, and the one of the night before is kept instead"
		}
		fmt.Fprintf(&b, "%s volume %02d: /srv/data/customer-%03d/%s %s\n", h.name, i+1, i*7%200, tenant(i), state)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// send hands results to the listener of the receiver, which answers when they are stored.
func (p *place) send(ctx context.Context, all []result) error {
	body, err := json.Marshal(all)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.results+"/results", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("results of hosts were not taken: %s", resp.Status)
	}
	return nil
}
