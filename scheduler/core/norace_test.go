//go:build !race

package core_test

// raceDetector says whether the tests run with it.
const raceDetector = false
