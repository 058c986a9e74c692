package remotewrite_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// What a check of five metrics costs, from the brok to the answer of a store that throws everything away.
func BenchmarkExport(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer s.Close()
	export(b, s.URL)
}

// The same with VictoriaMetrics on the same machine.
func BenchmarkExportToVictoriaMetrics(b *testing.B) {
	export(b, "http://"+realpeer.StartVictoria(b).Addr+"/api/v1/write")
}

func export(b *testing.B, url string) {
	m := build(b, modules.Outlook{}, "url", url)
	var broks []monitor.Brok
	for i := range 5000 {
		broks = append(broks, check(fmt.Sprintf("host%d.example.org", i/10), fmt.Sprintf("service %d", i%10),
			"rta=0.123ms;100;500;0 pl=0%;20;60;0;100 '/var'=1234MB;2000;3000;0;4000 users=3 load1=0.25", at(0)))
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for i := range broks {
			broks[i].Check.Started += 1e9
			broks[i].Check.Time += 1e9
		}
		if err := m.Export(b.Context(), broks); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(5*len(broks)*b.N)/b.Elapsed().Seconds(), "points/s")
}
