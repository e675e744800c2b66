/** A release of the Temporal CLI. */
export interface CliRelease {
  version: string;
  /** Folder of all releases; below it `v1.2.3/temporal_cli_1.2.3_linux_amd64.tar.gz`. */
  url: string;
  /** SHA-256 of the archive for each platform. */
  archives: Readonly<Record<string, string>>;
  /** Digest of the Go module of the same version, as in go.sum. Its own go.sum has those of all that it needs. */
  moduleSum: string;
}

/**
 * The release that Trawl downloads or builds. To change it, take the digests of the archives from the checksums.txt of
 * the release, and the sum from `go mod download -json github.com/temporalio/cli@v1.2.3`.
 */
export const pinnedCli: CliRelease = {
  version: '1.5.1',
  url: 'https://github.com/temporalio/cli/releases/download',
  archives: {
    linux_amd64: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
    linux_arm64: 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
    darwin_amd64: 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
    darwin_arm64: 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
  },
  moduleSum: 'h1:0RZMk14BWxz44Xg6ciDQvpfAMffoG3J7/K03ql80teY=',
};
