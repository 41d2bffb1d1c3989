# What CPack is told to make cnixx_*.deb and cnixx-*.rpm of a tree that scripts/package has laid out:
#
#   CNIXX_TREE=... CNIXX_ARCHITECTURE=arm64 CNIXX_VERSION=0.2.0 CNIXX_REFERENCE_VERSION=1.9.1 \
#     cpack --config packaging/cpack.cmake -G DEB
#
# What is set on its command line it would not see in here. It takes times from SOURCE_DATE_EPOCH.
foreach(name TREE ARCHITECTURE VERSION REFERENCE_VERSION)
  set(CNIXX_${name} $ENV{CNIXX_${name}})
endforeach()
set(CPACK_PACKAGE_NAME cnixx)
set(CPACK_PACKAGE_VERSION ${CNIXX_VERSION})
set(CPACK_PACKAGE_VENDOR "cnixx")
set(CPACK_PACKAGE_FILE_NAME cnixx)
set(CPACK_PACKAGE_CONTACT "cnixx authors <cnixx@cnixx.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "network plugins for containers (CNI), in C++")
set(CPACK_PACKAGE_DESCRIPTION
"The CNI plugins that container runtimes call for each container: bridge, ptp,
macvlan, host-local, portmap, firewall and the others, with the names,
configurations, results and files of the reference plugins, whose place they
take; and cnitool, which calls them by hand and checks configurations.
They are static executables and need nothing else on the host.")
set(CPACK_INSTALLED_DIRECTORIES "${CNIXX_TREE};/")
set(CPACK_PACKAGING_INSTALL_PREFIX "/")
set(CPACK_SET_DESTDIR OFF)
set(CPACK_INCLUDE_TOPLEVEL_DIRECTORY OFF)

# ---- Debian
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${CNIXX_ARCHITECTURE})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# kubelet asks for kubernetes-cni (>= 1.2.0), golang-github-containers-common (of podman and buildah)
# for container-network-stack; others for containernetworking-plugins, some with a version.
set(replaced "containernetworking-plugins, kubernetes-cni")
set(CPACK_DEBIAN_PACKAGE_PROVIDES "container-network-stack (= 1), \
containernetworking-plugins (= ${CNIXX_REFERENCE_VERSION}), kubernetes-cni (= ${CNIXX_REFERENCE_VERSION})")
set(CPACK_DEBIAN_PACKAGE_CONFLICTS ${replaced})
set(CPACK_DEBIAN_PACKAGE_REPLACES ${replaced})

# ---- Fedora, RHEL and those like them
set(machines "amd64;x86_64;arm64;aarch64")
list(FIND machines "${CNIXX_ARCHITECTURE}" at)
math(EXPR at "${at} + 1")
list(GET machines ${at} CPACK_RPM_PACKAGE_ARCHITECTURE)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE 1)
set(CPACK_RPM_PACKAGE_LICENSE "GPL-2.0-or-later AND LGPL-2.1-only")
set(CPACK_RPM_PACKAGE_GROUP Unspecified)
set(CPACK_RPM_COMPRESSION_TYPE xz)
set(CPACK_RPM_PACKAGE_AUTOREQPROV OFF)
# Their package has an epoch. Not kubernetes-cni, which has its place in /opt/cni/bin.
set(CPACK_RPM_PACKAGE_PROVIDES "containernetworking-plugins = 1:${CNIXX_REFERENCE_VERSION}, \
containernetworking-cni = 1:${CNIXX_REFERENCE_VERSION}")
set(CPACK_RPM_PACKAGE_OBSOLETES containernetworking-plugins)
# Of a package that every system has.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST /etc /usr /usr/bin /usr/libexec /usr/share /usr/share/doc
  /usr/share/licenses /usr/share/man /usr/share/man/man1 /usr/share/man/man8
  /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/zsh
  /usr/share/zsh/site-functions /usr/share/fish /usr/share/fish/vendor_completions.d)
# The same commit gives the same bytes; executables are as they were linked.
set(CPACK_RPM_SPEC_MORE_DEFINE
"%define _buildhost reproducible
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _build_id_links none
%define debug_package %{nil}
%define __os_install_post %{nil}
%define __brp_compress %{nil}")
list(APPEND CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST /usr/lib /usr/lib/systemd /usr/lib/systemd/system)
