package objects_test

import (
	"testing"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/arbiter/objects/objectstest"
)

// BenchmarkLoad reads 10,000 hosts with 10 services each, about 18 MB of text.
func BenchmarkLoad(b *testing.B) {
	path, err := objectstest.Generate(b.TempDir(), 10_000, 10)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c, r := objects.Load(path, objects.Opts{})
		if !r.OK() || len(c.Services) != 100_000 {
			b.Fatalf("%d services, problems: %v", len(c.Services), r.Problems)
		}
	}
}
