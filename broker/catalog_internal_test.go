package broker

import (
	"testing"
	"time"
)

func TestEachCatalogComesIntoForceInASecondOfItsOwn(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	for _, x := range []struct{ old, now, want time.Time }{
		{time.Time{}, at(5100), at(5100)},
		{at(5100), at(5900), at(6000)},
		{at(6000), at(5950), at(7000)},
		{at(5100), at(9500), at(9500)},
	} {
		if got := after(x.old, x.now); !got.Equal(x.want) {
			t.Errorf("after %s, at %s: %s, want %s", x.old, x.now, got, x.want)
		}
	}
}
