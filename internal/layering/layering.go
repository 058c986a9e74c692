// Package layering knows which package may import which; its tests keep the code to it.
package layering
