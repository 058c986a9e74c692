package natsbus_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

// In an upgrade daemon by daemon an arbiter of the old release may prepare the bus after one of the new release.
func TestWhatANewerReleaseHasPreparedStays(t *testing.T) {
	t.Parallel()
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := natsbus.Connect(t.Context(), s.URL(), natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	js := streamsAt(t, s.URL())
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	const odd = 77 * time.Minute
	for _, tt := range []struct {
		version string
		stays   bool
	}{{"", false}, {"1", false}, {"1000", true}} {
		for _, name := range []string{string(bus.PASSIVE), "KV_" + string(bus.FEED), "BLOB_" + string(bus.SNAP)} {
			stream, err := js.Stream(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			cfg := stream.CachedInfo().Config
			cfg.MaxAge, cfg.Metadata = odd, map[string]string{"onbu.layout": tt.version}
			if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			if err := c.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			if stream, err = js.Stream(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if stays := stream.CachedInfo().Config.MaxAge == odd; stays != tt.stays {
				t.Errorf("%s of version %q stays as it is: %v, want %v", name, tt.version, stays, tt.stays)
			}
		}
	}
}
